package server

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2/validation"
)

// messages are what huma says of operations' bodies and parameters, and the
// same in Chinese.
var messages = []struct{ en, zh string }{
	{validation.MsgUnexpectedProperty, "没有这个成员"},
	{validation.MsgExpectedRequiredProperty, "缺少成员 %s"},
	{validation.MsgExpectedString, "应为字符串"},
	{validation.MsgExpectedInteger, "应为整数"},
	{validation.MsgExpectedNumber, "应为数字"},
	{validation.MsgExpectedBoolean, "应为 true 或 false"},
	{validation.MsgExpectedArray, "应为数组"},
	{validation.MsgExpectedObject, "应为对象"},
	{validation.MsgExpectedOneOf, "应为其中之一：%s"},
	{validation.MsgExpectedMinLength, "至少 %s 个字符"},
	{validation.MsgExpectedMaxLength, "最多 %s 个字符"},
	{validation.MsgExpectedMinItems, "至少 %s 项"},
	{validation.MsgExpectedMaxItems, "最多 %s 项"},
	{validation.MsgExpectedArrayItemsUnique, "各项不得重复"},
	{validation.MsgExpectedMinimumNumber, "不得小于 %s"},
	{validation.MsgExpectedMaximumNumber, "不得大于 %s"},
	{validation.MsgExpectedExclusiveMinimumNumber, "应大于 %s"},
	{validation.MsgExpectedExclusiveMaximumNumber, "应小于 %s"},
	{validation.MsgExpectedNumberBeMultipleOf, "应为 %s 的倍数"},
	{validation.MsgExpectedMatchPattern, "格式应为 %s"},
	{validation.MsgExpectedRFC3339DateTime, "应为日期和时间，如 2026-03-02T01:00:00Z"},
	{validation.MsgExpectedRFC3339Date, "应为日期，如 2026-03-02"},
	{"invalid integer", "应为整数"},
	{"invalid float", "应为数字"},
	{"invalid boolean", "应为 true 或 false"},
	{"required %s parameter is missing", "缺少参数"},
}

var (
	verbs = regexp.MustCompile(`%[dsv]`)
	forms = formsOf()
)

// formsOf makes of each message the pattern that it fits.
func formsOf() []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(messages))
	for i, m := range messages {
		parts := verbs.Split(m.en, -1)
		for j := range parts {
			parts[j] = regexp.QuoteMeta(parts[j])
		}
		out[i] = regexp.MustCompile("^" + strings.Join(parts, "(.*)") + "$")
	}
	return out
}

// chinese is what huma's message says, in Chinese.
func chinese(en string) string {
	for i, form := range forms {
		found := form.FindStringSubmatch(en)
		if found == nil {
			continue
		}
		if strings.Contains(messages[i].zh, "%s") {
			return fmt.Sprintf(messages[i].zh, found[1])
		}
		return messages[i].zh
	}
	return "填写有误"
}
