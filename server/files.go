package server

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/blob"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// putFile stores the bytes of the body. Who sent it may show it in a form; it
// becomes readable to others with the record that takes it in.
func (s *Server) putFile(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r.Context())
	if actor.Anonymous {
		return s.denied(actor)
	}
	name, err := url.PathUnescape(r.Header.Get("X-Filename"))
	if err != nil || !utf8.ValidString(name) || len(name) > 255 || strings.ContainsFunc(name, unicode.IsControl) {
		return fault.New(fault.Invalid, "bad-filename", "X-Filename 应为百分号编码的文件名，最多 255 字节，不含控制字符", "X-Filename must be a percent-encoded name of at most 255 bytes without control characters")
	}
	body := upload{from: r.Body}
	ref, err := s.blobs.Put(r.Context(), &body, int64(s.cfg.BlobLimit))
	if body.failed != nil {
		return fault.Wrap(body.failed, fault.Invalid, "cut-off", "文件未能收全，请重新上传", "the file did not arrive whole; send it again")
	}
	if err != nil {
		return err
	}
	if !blob.Allowed(ref.Media) {
		if err := s.blobs.Delete(r.Context(), ref.Hash); err != nil { // no record holds a file of this kind
			s.log.Warn("a refused file stays in the store", "file", ref.Hash, "err", err)
		}
		return fault.New(fault.Invalid, "bad-media", "不接受此类文件："+ref.Media, "files of this kind are not accepted: "+ref.Media)
	}
	file := record.FileRef{ID: ref.Hash, Name: name, Size: ref.Size, Media: ref.Media}
	if err := s.noteUpload(r.Context(), orText(actor.Person, actor.Client), file); err != nil {
		return err
	}
	return send(w, http.StatusCreated, file)
}

// upload remembers that the sender broke off, which is no failure of ours.
type upload struct {
	from   io.Reader
	failed error
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if err != nil && err != io.EOF {
		u.failed = err
	}
	return n, err
}

// getFile sends a file to whoever sent it, or may read a record that holds it:
// the one that `type` and `of` name.
func (s *Server) getFile(w http.ResponseWriter, r *http.Request) error {
	hash := r.PathValue("id")
	ref, err := s.fileIn(r, hash)
	if err != nil {
		return err
	}
	body, _, err := s.blobs.Open(r.Context(), hash)
	if err != nil {
		return err
	}
	defer body.Close()
	head := w.Header()
	head.Set("Content-Type", served(ref.Media))
	head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	head.Set("Cache-Control", "private, max-age=3600")
	head.Set("ETag", `"`+hash+`"`)
	show := "inline"
	if ref.Media[:min(len(ref.Media), 6)] != "image/" {
		show = "attachment"
	}
	head.Set("Content-Disposition", mime.FormatMediaType(show, map[string]string{"filename": ref.Name}))
	http.ServeContent(w, r, "", s.started, body)
	return nil
}

// served is the media type under which a file is given out: XML, which might be
// a page or a drawing, as bytes.
func served(media string) string {
	if media == "text/xml" {
		return "application/octet-stream"
	}
	return media
}

func (s *Server) fileIn(r *http.Request, hash string) (record.FileRef, error) {
	missing := fault.New(fault.NotFound, "no-such-file", "没有这个文件", "there is no such file")
	actor := actorOf(r.Context())
	if name := r.URL.Query().Get("type"); name != "" {
		t, err := s.records.Type(name)
		if err != nil {
			return record.FileRef{}, err
		}
		row, subject, err := s.loadOf(r, t, r.URL.Query().Get("of"))
		if err != nil {
			return record.FileRef{}, err
		}
		see := s.access.View(actor, t.Name, subject)
		for _, f := range t.Fields {
			refs, _ := row.Get(f.Name).([]record.FileRef)
			for _, ref := range refs {
				if ref.ID == hash && see.See(f.Name) == record.Clear {
					return ref, nil
				}
			}
		}
		if t.Case {
			return s.fileInComments(r, row.ID, hash)
		}
		return record.FileRef{}, missing
	}
	ref, err := s.fileOf(r.Context(), actor, hash)
	if err == nil && ref == nil {
		return record.FileRef{}, missing
	}
	if err != nil {
		return record.FileRef{}, err
	}
	return *ref, nil
}

// fileOf returns a file that the actor has stored, nil when they have not.
func (s *Server) fileOf(ctx context.Context, actor *identity.Actor, hash string) (*record.FileRef, error) {
	ref := record.FileRef{ID: hash}
	err := s.db.Read(ctx).QueryRow(`select name, size, media from server_file where id = $1 and person = $2`,
		hash, orText(actor.Person, actor.Client)).Scan(&ref.Name, &ref.Size, &ref.Media)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	return &ref, err
}

func (s *Server) fileInComments(r *http.Request, caseID, hash string) (record.FileRef, error) {
	comments, err := s.processes.Comments(r.Context(), caseID)
	if err != nil {
		return record.FileRef{}, err
	}
	for _, c := range comments {
		for _, ref := range c.Files {
			if ref.ID == hash {
				return ref, nil
			}
		}
	}
	return record.FileRef{}, fault.New(fault.NotFound, "no-such-file", "没有这个文件", "there is no such file")
}
