package provision

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func newKeys(s *server) *keys {
	return &keys{client: s, live: s, namespace: system, now: time.Now}
}

func TestFirstKey(t *testing.T) {
	s := newServer(t)
	made, err := newKeys(s).ensure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var secret corev1.Secret
	if err := s.Get(t.Context(), client.ObjectKey{Namespace: system, Name: passport.SecretName}, &secret); err != nil {
		t.Fatal(err)
	}
	ring, err := passport.ParseSecretData(secret.Data)
	if err != nil {
		t.Fatal(err)
	}
	if made == "" || ring.Active() != made {
		t.Errorf("made %q, active %q", made, ring.Active())
	}
	again, err := newKeys(s).ensure(t.Context())
	if err != nil || again != "" {
		t.Errorf("a second look made %q, %v", again, err)
	}
	after := &corev1.Secret{}
	if err := s.Get(t.Context(), client.ObjectKeyFromObject(&secret), after); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(secret.Data, after.Data); diff != "" {
		t.Error("the second look changed the keyring")
	}
}

func TestUnreadableKeysAreKept(t *testing.T) {
	shy := base64.StdEncoding.EncodeToString([]byte("a secret that nobody may see, ever"))
	for name, data := range map[string]map[string][]byte{
		"empty":    nil,
		"no JSON":  {passport.SecretKey: []byte(shy)},
		"too weak": {passport.SecretKey: []byte(`{"keys":[{"id":"a","state":"active","secret":"c2hvcnQ="}]}`)},
		"typo":     {passport.SecretKey: []byte(`{"keys":[{"id":"a","state":"active","secret":"` + shy + `","more":1}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: passport.SecretName}, Data: data})
			var err error
			if n := s.written(func() { _, err = newKeys(s).ensure(t.Context()) }); n != 0 {
				t.Errorf("%d writes over a keyring that is there", n)
			}
			if !errors.Is(err, errUnreadableKeys) {
				t.Fatalf("error %v, want %v", err, errUnreadableKeys)
			}
			if strings.Contains(err.Error(), shy) {
				t.Error("the error shows the secret")
			}
		})
	}
}
