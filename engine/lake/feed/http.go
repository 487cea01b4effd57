package feed

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"chengshu/kernel/fault"
	"chengshu/kernel/outbound"
)

// HTTP is a file at an address.
type HTTP struct {
	URL    string
	Client outbound.Client
	// Limit bounds the file, in bytes.
	Limit int64
}

// Seen is what a server said of a file, by which it knows it again.
type Seen struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

// Fetch writes the file to out, and tells by what to know it again; fresh is
// false, and nothing is written, when the server says that the file seen last
// is still the same. Faults are those of package outbound, and feed-too-large.
func (h HTTP) Fetch(ctx context.Context, last Seen, out io.Writer) (seen Seen, fresh bool, err error) {
	req, err := outbound.Request(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return last, false, err
	}
	if last.ETag != "" {
		req.Header.Set("If-None-Match", last.ETag)
	}
	if last.Modified != "" {
		req.Header.Set("If-Modified-Since", last.Modified)
	}
	answer, err := h.Client.Do(req)
	if err != nil {
		return last, false, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusNotModified:
		return last, false, nil
	case http.StatusOK:
	default:
		return last, false, outbound.BadStatus(answer)
	}
	n, err := io.Copy(out, io.LimitReader(answer.Body, h.Limit+1))
	if err != nil {
		return last, false, err
	}
	if n > h.Limit {
		return last, false, fault.New(fault.Invalid, "feed-too-large", fmt.Sprintf("对方的文件超过上限 %d 字节", h.Limit), fmt.Sprintf("the file is over the limit of %d bytes", h.Limit))
	}
	return Seen{answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")}, true, nil
}
