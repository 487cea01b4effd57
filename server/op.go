package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// body is the output of an operation with nothing but a JSON body.
type body[T any] struct{ Body T }

type none struct{}

// op registers an operation of fixed shape. The handler gets the actor and
// returns a body or a fault, which becomes a problem answer.
func op[In, Out any](s *Server, api huma.API, o huma.Operation, h func(ctx context.Context, actor *identity.Actor, in *In) (*Out, error)) {
	o.Errors = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests}
	o.MaxBodyBytes = maxBody
	o.Middlewares = append(o.Middlewares, s.whoAsks(api))
	huma.Register(api, o, func(ctx context.Context, in *In) (*Out, error) {
		out, err := h(ctx, actorOf(ctx), in)
		if err != nil {
			language, _ := ctx.Value(ctxLanguage).(string)
			p := problemOf(err, language)
			if p.Status == http.StatusInternalServerError {
				s.log.Error("request failed", "operation", o.OperationID, "request", requestID(ctx), "err", err)
			}
			return nil, p
		}
		return out, nil
	})
}

// whoAsks does for operations what handle does for handlers.
func (s *Server) whoAsks(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		req, w := humago.Unwrap(c)
		actor, err := s.authenticate(req)
		if err == nil {
			err = s.identity.Limit(actor, s.addressOf(req))
		}
		if err == nil && c.Operation().RequestBody != nil {
			err = strictBody(w, req)
		}
		c.SetHeader("Cache-Control", "no-store")
		if err != nil {
			p := problemOf(err, c.Header("Accept-Language"))
			for name, values := range p.GetHeaders() {
				c.SetHeader(name, values[0])
			}
			_ = huma.WriteErr(api, c, p.Status, p.Detail, p) // the client may have gone
			return
		}
		c = huma.WithValue(c, ctxActor, actor)
		c = huma.WithValue(c, ctxRequest, id.New())
		c = huma.WithValue(c, ctxAddress, s.addressOf(req))
		c = huma.WithValue(c, ctxLanguage, c.Header("Accept-Language"))
		next(c)
	}
}

// strictBody refuses a body that decode would refuse, whatever it is read into,
// and leaves it to be read again.
func strictBody(w http.ResponseWriter, r *http.Request) error {
	body, err := bodyOf(w, r)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return strictJSON(body)
}

// ourErrors makes huma's own errors (a body that does not fit) speak as ours
// do. The library keeps this in globals, so it is set once.
var ourErrors = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true // "Account" is not "account"
	huma.NewError = func(code int, msg string, errs ...error) huma.StatusError {
		return problemOfHuma("", code, msg, errs)
	}
	huma.NewErrorWithContext = func(c huma.Context, code int, msg string, errs ...error) huma.StatusError {
		return problemOfHuma(c.Header("Accept-Language"), code, msg, errs)
	}
})

func problemOfHuma(language string, code int, msg string, errs []error) *problem {
	for _, err := range errs {
		if p, ok := err.(*problem); ok {
			return p
		}
	}
	f := fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong")
	if code == http.StatusInternalServerError { // of the library's own, only for a body that breaks off
		code = http.StatusBadRequest
	}
	switch code {
	case http.StatusRequestEntityTooLarge:
		f = errTooLarge()
	case http.StatusBadRequest:
		f = badJSON("语法有误或不完整", "it is empty, cut off or goes wrong", nil)
	}
	for _, err := range errs {
		if d, ok := err.(*huma.ErrorDetail); ok {
			f.With(d.Location, chinese(d.Message), d.Message)
		}
	}
	p := problemOf(f, language)
	p.Status, p.Title = code, http.StatusText(code)
	if len(errs) == 0 && f.Code == "invalid-fields" {
		p.Detail = msg
	}
	return p
}
