package logging

import "time"

// utc is zap's clock in UTC, wherever the server stands.
type utc struct{}

func (utc) Now() time.Time { return time.Now().UTC() }

func (utc) NewTicker(every time.Duration) *time.Ticker { return time.NewTicker(every) }
