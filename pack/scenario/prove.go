package scenario

import (
	"bytes"
	"context"
	"fmt"

	"chengshu/core/decl"
)

// tries is how many places of a bundle are changed, one at a time.
const tries = 32

func (t *telling) prove(ctx context.Context, p Prove) *Difference {
	bundle, ok := t.kept[p.Name].([]byte)
	if !ok {
		return broken(fmt.Sprintf("{%s} 不是下载的文件", p.Name), fmt.Sprintf("{%s} was not downloaded", p.Name))
	}
	if t.Verify == nil {
		return broken("本次运行不能校验存证", "this run cannot verify evidence")
	}
	if p.Changed {
		return t.tamper(ctx, bundle)
	}
	err := t.Verify(ctx, t.target, bundle)
	switch {
	case err != nil && !p.Refused:
		return differ("ok", err.Error())
	case err == nil && p.Refused:
		return differ("refused", "ok")
	}
	return nil
}

// tamper changes one bit of one byte at places spread over the bundle; every
// such change must be refused.
func (t *telling) tamper(ctx context.Context, bundle []byte) *Difference {
	if len(bundle) == 0 {
		return broken("存证文件是空的", "the bundle is empty")
	}
	for i := range min(tries, len(bundle)) {
		at := i * len(bundle) / min(tries, len(bundle))
		changed := bytes.Clone(bundle)
		changed[at] ^= 1
		if t.Verify(ctx, t.target, changed) == nil {
			return differs(said("refused"), decl.Text{Zh: fmt.Sprintf("第 %d 字节改动后仍通过", at), En: fmt.Sprintf("accepted with byte %d changed", at)})
		}
	}
	return nil
}

func (t *telling) listen(ctx context.Context, l Listen) *Difference {
	s, err := t.session(ctx, l.Actor)
	if err == nil && s.events != nil {
		s.events.cancel()
	}
	if err == nil {
		err = s.listen(ctx)
	}
	if err != nil {
		return asDifference(err)
	}
	return nil
}

func (t *telling) hear(ctx context.Context, h Hear) *Difference {
	s := t.actors[h.Actor]
	if s == nil || s.events == nil {
		return broken(fmt.Sprintf("%s 还没有监听（listens）", h.Actor), fmt.Sprintf("%s does not listen yet (listens)", h.Actor))
	}
	if err := s.events.hear(ctx, h.Topic); err != nil {
		return differ(h.Topic, err.Error())
	}
	return nil
}
