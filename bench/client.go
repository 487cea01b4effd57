package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// client is one user's connection. It writes requests as bytes, because the
// load generator shares its two cores with the server and must be cheap.
type client struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	body bytes.Buffer
	took []time.Duration // of every call since reset
}

func dial(addr string) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{addr: addr, conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}, nil
}

func (c *client) close() { c.conn.Close() }

// call sends one request and returns the body of its answer, valid until the
// next call. Any status but want is an error.
func (c *client) call(method, path, cookie, body string, want int) ([]byte, error) {
	c.out = fmt.Appendf(c.out[:0], "%s %s HTTP/1.1\r\nHost: %s\r\nCookie: chengshu=%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, c.addr, cookie, len(body), body)
	began := time.Now()
	if _, err := c.conn.Write(c.out); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, err
	}
	c.body.Reset()
	if _, err := io.Copy(&c.body, answer.Body); err != nil {
		return nil, err
	}
	c.took = append(c.took, time.Since(began))
	if answer.StatusCode != want {
		return nil, fmt.Errorf("%s %s: %s, want %d: %.300s", method, path, answer.Status, want, c.body.Bytes())
	}
	return c.body.Bytes(), nil
}

// member returns the text value of the first member of that name.
func member(body []byte, name string) string {
	_, rest, found := bytes.Cut(body, []byte(`"`+name+`":"`))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

// signIn returns the session of an account; register makes a citizen's first.
func signIn(ctx context.Context, addr, path string, input map[string]string) (string, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	for _, c := range answer.Cookies() {
		if c.Name == "chengshu" {
			return c.Value, nil
		}
	}
	text, _ := io.ReadAll(answer.Body)
	return "", fmt.Errorf("sign in %s: %s %s", input["account"], answer.Status, text)
}
