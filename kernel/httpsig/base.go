package httpsig

import (
	"net/http"
	"strings"
)

// base is the signature base of RFC 9421, 2.5.
func (s *Signature) base(r *http.Request, scheme string) ([]byte, error) {
	var b strings.Builder
	for _, name := range s.components {
		value, err := component(r, scheme, name)
		if err != nil {
			return nil, err
		}
		b.WriteString(`"` + name + `": ` + value + "\n")
	}
	b.WriteString(`"@signature-params": ` + s.params)
	return []byte(b.String()), nil
}

// component is the value of a component of the request: derived (2.2), or a
// header field (2.1).
func component(r *http.Request, scheme, name string) (string, error) {
	if !strings.HasPrefix(name, "@") {
		return field(r, name)
	}
	if !strings.HasPrefix(r.RequestURI, "/") {
		return "", bad("签名的请求须以 / 开头的地址发送（origin-form）", "a signed request must be sent in origin form, its target beginning with /")
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	switch name {
	case "@method":
		return r.Method, nil
	case "@target-uri":
		return scheme + "://" + authority(r, scheme) + r.RequestURI, nil
	case "@authority":
		return authority(r, scheme), nil
	case "@scheme":
		return scheme, nil
	case "@request-target":
		return r.RequestURI, nil
	case "@path":
		return path, nil
	case "@query":
		return "?" + query, nil
	}
	return "", bad("不支持签名部件 "+name, "the component "+name+" is not supported")
}

// authority is the host that the request was sent to, in lower case and without
// the port that its scheme has by default (2.2.3).
func authority(r *http.Request, scheme string) string {
	usual := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return strings.TrimSuffix(strings.ToLower(r.Host), usual)
}

func field(r *http.Request, name string) (string, error) {
	if name == "host" { // which net/http takes out of the fields
		return r.Host, nil
	}
	values := r.Header.Values(name)
	if len(values) == 0 {
		return "", bad("签名的标头 "+name+" 不在请求中", "the field "+name+", which is signed, is not in the request")
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.TrimSpace(v)
	}
	return strings.Join(out, ", "), nil
}
