package server

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/danielgtaylor/huma/v2/validation"
)

// TestBodiesOfOperations: operations of fixed shape read bodies as strictly as
// records and cases do, and say in both languages what is wrong.
func TestBodiesOfOperations(t *testing.T) {
	w := newTown(t)
	const good = `"password":"citizen-demo"`
	sign := "POST /api/session"
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	w.run(t, []call{
		{name: "a member twice", request: sign, body: `{"account":"x","account":"citizen",` + good + `}`, status: 400, holds: []string{`"bad-json"`, "写了两次"}},
		{name: "a member not known", request: sign, body: `{"account":"citizen",` + good + `,"more":1}`, status: 422, holds: []string{"没有这个成员", "unexpected property"}},
		{name: "a member in capitals", request: sign, body: `{"ACCOUNT":"citizen",` + good + `}`, status: 422, holds: []string{"缺少成员 account"}},
		{name: "too deep", request: sign, body: `{"account":` + deep + `}`, status: 400, holds: []string{`"bad-json"`, "嵌套"}},
		{name: "another type", request: sign, body: `{"account":1,` + good + `}`, status: 422, holds: []string{`"body.account"`, "应为字符串", "expected string"}},
		{name: "too long", request: sign, body: `{"account":"` + strings.Repeat("a", 201) + `",` + good + `}`, status: 422, holds: []string{"最多 200 个字符"}},
		{name: "something after it", request: sign, body: `{"account":"citizen",` + good + `} x`, status: 400, holds: []string{`"bad-json"`}},
		{name: "cut off", request: sign, body: `{"account":`, status: 400, holds: []string{`"bad-json"`}},
		{name: "too large", request: sign, body: `{"account":"` + strings.Repeat("a", maxBody) + `"}`, status: 413, holds: []string{`"too-large"`}},
		{name: "a parameter", actor: "dispatcher", request: "GET /api/inbox?limit=x", status: 422, holds: []string{"应为整数"}},
		{name: "a choice", actor: "dispatcher", request: "GET /api/inbox?light=blue", status: 422, holds: []string{"应为其中之一：red, yellow, green"}},
		{name: "as it should be", request: sign, body: `{"account":"citizen",` + good + `}`, status: 200},

		{name: "a record's member not known", actor: "admin", request: "POST /api/records/shelter", body: `{"foo":1}`, status: 400, holds: []string{`没有成员 \"foo\"`}, lacks: []string{`json: unknown`}},
		{name: "a record that is a list", actor: "admin", request: "POST /api/records/shelter", body: `[]`, status: 400, holds: []string{"应为对象"}},
	})
}

// TestChinese: every message that a body or parameter of an operation can give
// has Chinese words, and keeps what it names.
func TestChinese(t *testing.T) {
	for _, m := range messages {
		args := make([]any, strings.Count(m.en, "%"))
		for i := range args {
			args[i] = 7
			if strings.Contains(m.en, "%s") {
				args[i] = "name"
			}
		}
		en := fmt.Sprintf(m.en, args...)
		zh := chinese(en)
		if !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || zh == "填写有误" || strings.Contains(zh, "%") {
			t.Errorf("%s: %s", en, zh)
		}
		if strings.Contains(m.zh, "%s") && !strings.Contains(zh, fmt.Sprint(args[0])) {
			t.Errorf("%s: %s does not say %v", en, zh, args[0])
		}
	}
	if got := chinese(validation.MsgExpectedBase64String); got != "填写有误" {
		t.Errorf("a message without words: %s", got)
	}
}
