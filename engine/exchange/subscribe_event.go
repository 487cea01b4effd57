package exchange

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"chengshu/kernel/fault"
	"chengshu/kernel/id"
	"chengshu/kernel/outbound"
)

// event is a CloudEvent 1.0 in structured mode (CloudEvents JSON format, 2 and
// 3; HTTP protocol binding, 3.2).
type event struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Subject     string `json:"subject"`
	Time        string `json:"time"`
	ContentType string `json:"datacontenttype"`
	Data        any    `json:"data"`
}

const (
	eventMedia = "application/cloudevents+json; charset=utf-8"
	eventMark  = "chengshu." // begins the types of events
	challenge  = "challenge"
	secretMark = "whsec_"
	sendWithin = 15 * time.Second
	maxAnswer  = 64 << 10
)

// newEvent makes an event about a grant's resource, and its body.
func (e *Engine) newEvent(g Grant, kind string, data any) (string, []byte, error) {
	v := event{SpecVersion: "1.0", ID: id.New(), Source: "//" + e.Pushing.Source + "/api/grants/" + g.ID, Type: eventMark + kind, Subject: g.Resource,
		Time: e.Clock.Now().UTC().Format(time.RFC3339Nano), ContentType: "application/json", Data: data}
	body, err := json.Marshal(v)
	return v.ID, body, err
}

// sign is the value of webhook-signature by Standard Webhooks 1.0: HMAC-SHA256
// of id, time in seconds and body, joined by dots.
func sign(secret, event string, at int64, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretMark))
	if err != nil {
		return "", fmt.Errorf("exchange: secret: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", event, at)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// send posts an event. The status is 0 when there was no answer; any other than
// 2xx is a fault too.
func (e *Engine) send(ctx context.Context, address, secret, event string, body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	req, err := outbound.Request(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	now := e.Clock.Now().Unix()
	signature, err := sign(secret, event, now, body)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", eventMedia)
	req.Header.Set("webhook-id", event)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now, 10))
	req.Header.Set("webhook-signature", signature)
	got, err := e.Pushing.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer got.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(got.Body, maxAnswer))
	if err == nil && (got.StatusCode < 200 || got.StatusCode > 299) {
		err = outbound.BadStatus(got)
	}
	return got.StatusCode, answer, err
}

// prove sends a challenge, and refuses an address that does not answer with its
// token: it may be another's.
func (e *Engine) prove(ctx context.Context, g Grant, address, secret string) error {
	token := id.New()
	event, body, err := e.newEvent(g, challenge, map[string]string{"token": token})
	if err != nil {
		return err
	}
	_, answer, err := e.send(ctx, address, secret, event, body)
	if err != nil {
		why := reasonOf(err)
		return unproven().With("url", why.Zh, why.En)
	}
	var said struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(answer, &said) != nil || said.Token != token {
		return unproven()
	}
	return nil
}

func unproven() *fault.Fault {
	return fault.New(fault.Invalid, "address-unproven", `该地址没有以 {"token":…} 答复验证事件，不能使用`, `the address has not answered the challenge with {"token":…}, so it cannot be used`)
}
