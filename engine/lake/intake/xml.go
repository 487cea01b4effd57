package intake

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"chengshu/kernel/fault"
)

// walkXML visits elements by their local names, and attributes as if they were
// elements. A declaration of entities is refused, so that nothing can grow.
func walkXML(in io.Reader, v visitor) error {
	bound := &allowance{in, maxPiece}
	d := xml.NewDecoder(bound)
	d.Entity = xml.HTMLEntity                                                            // the names of characters: the national air feed uses them
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	w := xmlWalk{v: v}
	for {
		bound.left = maxPiece
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) && len(w.open) == 0 {
			return nil
		}
		if err == nil {
			err = w.see(t)
		}
		if err != nil {
			return explainXML(d, err)
		}
	}
}

type xmlWalk struct {
	v    visitor
	open []xml.Name
	text strings.Builder
	leaf bool // nothing but text has been seen since the last element began
}

func (w *xmlWalk) see(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive:
		return errDeclares()
	case xml.StartElement:
		w.open, w.leaf = append(w.open, t.Name), true
		w.text.Reset()
		return enterElement(t, w.v)
	case xml.CharData:
		if w.text.Len()+len(t) > maxPiece {
			return errLongToken()
		}
		w.text.Write(t)
	case xml.EndElement:
		last := len(w.open) - 1
		if last < 0 || w.open[last] != t.Name {
			return errXML
		}
		if s := strings.TrimSpace(w.text.String()); s != "" || w.leaf {
			if err := w.v.value(s); err != nil {
				return err
			}
		}
		w.open, w.leaf = w.open[:last], false
		w.text.Reset()
		return w.v.leave()
	}
	return nil
}

func enterElement(t xml.StartElement, v visitor) error {
	if err := v.enter(t.Name.Local); err != nil {
		return err
	}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		if err := v.enter(a.Name.Local); err != nil {
			return err
		}
		if err := v.value(a.Value); err != nil {
			return err
		}
		if err := v.leave(); err != nil {
			return err
		}
	}
	return nil
}

// explainXML says where a text stops being XML.
func explainXML(d *xml.Decoder, err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, errXML) {
		line, _ := d.InputPos()
		return fault.Wrap(err, fault.Invalid, "broken-xml", fmt.Sprintf("XML 在第 %d 行有误或不完整", line), fmt.Sprintf("the XML is wrong or cut off on line %d", line))
	}
	return err
}
