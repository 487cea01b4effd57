package lake

import (
	"context"

	"chengshu/engine/lake/intake"
)

// Peek reads the beginning of a file that was sent, for one who decides whether
// it is the right one: its first rows, and what its columns seem to hold.
func (e *Engine) Peek(ctx context.Context, dataset, hash string, meanings []intake.Meaning) (*intake.Peeked, error) {
	t, err := e.Dataset(dataset)
	if err != nil {
		return nil, err
	}
	dir, done, err := e.place()
	if err != nil {
		return nil, err
	}
	defer done()
	body, size, err := e.Uploads.Open(ctx, hash)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	p, err := intake.Peek(ctx, intake.File{ReaderAt: at{body}, Size: size, Dir: dir}, intake.Want{Type: t, Hint: e.hint(t.Name, "")}, meanings)
	return p, explain(err)
}
