package server

import (
	"context"
	"strconv"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
)

type noticesInput struct {
	Limit int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
	After int64 `query:"after" minimum:"0"`
}

type noticeView struct {
	ID   string     `json:"id"`
	N    string     `json:"n" doc:"its place in the list, for POST /api/me/notices/read"`
	At   string     `json:"at"`
	Type string     `json:"type"`
	Case string     `json:"case"`
	Text fault.Text `json:"text"`
	Read bool       `json:"read"`
}

type noticesView struct {
	Items  []noticeView `json:"items"`
	Unread int64        `json:"unread" doc:"100 stands for 100 or more"`
	Next   string       `json:"next,omitempty"`
}

type readInput struct {
	Body struct {
		UpTo string `json:"up_to" pattern:"^[0-9]{1,18}$" doc:"the n of the newest notice that was seen"`
	}
}

func (s *Server) notices(ctx context.Context, a *identity.Actor, in *noticesInput) (*body[noticesView], error) {
	if a.Self() == "" {
		return nil, s.denied(a)
	}
	list, err := s.processes.Notices(ctx, a.Self(), in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	v := noticesView{Items: []noticeView{}}
	for _, n := range list {
		v.Items = append(v.Items, noticeView{n.ID, strconv.FormatInt(n.N, 10), rfc(n.At), n.Type, n.Case, n.Text, n.Read})
	}
	if len(list) == in.Limit {
		v.Next = v.Items[in.Limit-1].N
	}
	v.Unread, err = s.processes.Unread(ctx, a.Self())
	return &body[noticesView]{v}, err
}

func (s *Server) readNotices(ctx context.Context, a *identity.Actor, in *readInput) (*none, error) {
	if a.Self() == "" {
		return nil, s.denied(a)
	}
	upTo, err := strconv.ParseInt(in.Body.UpTo, 10, 64)
	if err != nil {
		return nil, err // the pattern lets only numbers pass
	}
	return nil, s.processes.ReadNotices(ctx, a.Self(), upTo)
}
