package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Tokens are what the issuer gave, as kept in a file.
type Tokens struct {
	ID      string    `json:"idToken"`
	Refresh string    `json:"refreshToken"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
}

// RefreshAt is when the ID token should be replaced: a fifth of its life before its end,
// so that no request travels with a token that ends on the way.
func (t Tokens) RefreshAt() time.Time {
	return t.Expires.Add(-t.Expires.Sub(t.Issued) / 5)
}

// Current returns tokens that are good now: those in the file, refreshed ones, or those
// of a new login. Several plugins at once take turns on the file.
func (a Account) Current(ctx context.Context, path string, now func() time.Time) (current Tokens, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return Tokens{}, fmt.Errorf("open token file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return Tokens{}, fmt.Errorf("lock token file: %w", err)
	}
	var kept Tokens
	// A damaged or empty file is as good as none.
	if err := json.NewDecoder(file).Decode(&kept); err != nil {
		kept = Tokens{}
	}
	if kept.ID != "" && now().Before(kept.RefreshAt()) {
		return kept, nil
	}
	fresh, err := a.renew(ctx, kept)
	if err != nil {
		return Tokens{}, err
	}
	text, err := json.Marshal(fresh)
	if err != nil {
		return Tokens{}, fmt.Errorf("write token file: %w", err)
	}
	if err := file.Truncate(0); err != nil {
		return Tokens{}, fmt.Errorf("write token file: %w", err)
	}
	if _, err := file.WriteAt(text, 0); err != nil {
		return Tokens{}, fmt.Errorf("write token file: %w", err)
	}
	return fresh, nil
}

// renew prefers the refresh token; an issuer that was restarted has forgotten it.
func (a Account) renew(ctx context.Context, kept Tokens) (Tokens, error) {
	if kept.Refresh != "" {
		if fresh, err := a.Refresh(ctx, kept.Refresh); err == nil {
			return fresh, nil
		}
	}
	return a.Fresh(ctx)
}
