package drive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Target is a webhook's server.
type Target struct {
	// URL is its base, https://host:port.
	URL string
	// CA is what its certificate is trusted by, as PEM.
	CA []byte
}

// roots are empty, and trust nobody, where CA is no PEM.
func (t Target) roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(t.CA)
	return roots
}

// Request renders one review as it goes over the wire; deadline is what the API server says
// in ?timeout=, in whole seconds and at least one.
func (t Target) Request(path string, body []byte, deadline time.Duration) ([]byte, error) {
	at, err := url.Parse(t.URL)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	seconds := max(1, int(deadline/time.Second))
	head := "POST " + path + "?timeout=" + strconv.Itoa(seconds) + "s HTTP/1.1\r\nHost: " + at.Host +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	return append([]byte(head), body...), nil
}

// answer is what came back.
type answer struct {
	status  int
	retry   bool // with Retry-After
	allowed bool
	text    []byte // of anything but an allow, cut
}

// conn is one connection, dialed again when it has ended. It belongs to one goroutine.
type conn struct {
	target Target
	roots  *x509.CertPool
	tls    *tls.Conn
	reader *bufio.Reader
	text   bytes.Buffer
}

// do sends one request and reads its answer by the deadline.
func (c *conn) do(ctx context.Context, request []byte, deadline time.Time) (a answer, err error) {
	if c.tls == nil {
		if err := c.dial(ctx, deadline); err != nil {
			return a, err
		}
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := c.tls.SetDeadline(deadline); err != nil {
		return a, fmt.Errorf("set the deadline: %w", err)
	}
	// An answer may come before all of the request was sent: a large one that is refused.
	_, sendErr := c.tls.Write(request)
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return a, fmt.Errorf("read the answer: %w", errors.Join(sendErr, err))
	}
	c.text.Reset()
	_, err = c.text.ReadFrom(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return a, fmt.Errorf("read the answer: %w", err)
	}
	a = answer{status: response.StatusCode, retry: response.Header.Get("Retry-After") != "",
		allowed: response.StatusCode == http.StatusOK && bytes.Contains(c.text.Bytes(), []byte(`"allowed":true`))}
	if !a.allowed {
		a.text = bytes.Clone(c.text.Bytes()[:min(300, c.text.Len())])
	}
	if response.Close || sendErr != nil {
		c.close()
	}
	return a, nil
}

func (c *conn) dial(ctx context.Context, deadline time.Time) error {
	at, err := url.Parse(c.target.URL)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	dialer := tls.Dialer{NetDialer: &net.Dialer{}, Config: &tls.Config{
		RootCAs: c.roots, ServerName: at.Hostname(), MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	}}
	plain, err := dialer.DialContext(ctx, "tcp", at.Host)
	if err != nil {
		return fmt.Errorf("dial %s: %w", at.Host, err)
	}
	var ok bool
	if c.tls, ok = plain.(*tls.Conn); !ok {
		return fmt.Errorf("dial %s: no TLS: %w", at.Host, io.ErrUnexpectedEOF)
	}
	if c.reader == nil {
		c.reader = bufio.NewReader(nil)
	}
	c.reader.Reset(c.tls)
	return nil
}

func (c *conn) close() {
	if c.tls != nil {
		// Without a closing alert: nobody waits for it.
		_ = c.tls.NetConn().Close()
		c.tls = nil
	}
}
