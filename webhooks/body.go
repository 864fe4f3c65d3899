package webhooks

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// firstBuffer is what a body without a length starts with, in bytes.
const firstBuffer = 16 << 10

// readBody reads the whole body, taking its bytes from the budget as they come: a
// sender that only claims a large body holds nothing.
func readBody(w http.ResponseWriter, r *http.Request, held *holding, limit int64) ([]byte, *rejection) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, &rejection{http.StatusBadRequest, "content-type", "content type must be application/json"}
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, &rejection{http.StatusBadRequest, "content-type", "content encodings are not served"}
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	// One byte more than the limit, so that a body of exactly the limit is told from a
	// longer one.
	size := int64(firstBuffer)
	if r.ContentLength >= 0 {
		size = min(size, r.ContentLength+1)
	}
	buffer := make([]byte, 0, size)
	if !held.grow(size) {
		return nil, overload()
	}
	source := http.MaxBytesReader(w, r.Body, limit)
	for {
		if len(buffer) == cap(buffer) {
			next := min(2*int64(cap(buffer)), limit+1)
			if r.ContentLength >= 0 {
				next = min(next, r.ContentLength+1)
			}
			// Only a body longer than its own length or than the limit gets here with
			// no room left, and its reader ends it.
			next = max(next, int64(cap(buffer))+1)
			if !held.grow(next - int64(cap(buffer))) {
				return nil, overload()
			}
			buffer = append(make([]byte, 0, next), buffer...)
		}
		n, err := source.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		var large *http.MaxBytesError
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return buffer, nil
		case errors.As(err, &large):
			return nil, tooLarge(limit)
		default:
			return nil, &rejection{http.StatusBadRequest, "body", "the body ended early or came too slowly"}
		}
	}
}

func tooLarge(limit int64) *rejection {
	return &rejection{http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("the body is larger than %d bytes", limit)}
}

func overload() *rejection {
	return &rejection{http.StatusServiceUnavailable, "overload", "too many bytes of reviews in flight"}
}
