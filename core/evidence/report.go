package evidence

import (
	"fmt"
	"strings"

	"chengshu/kernel/fault"
)

// Report says what Verify has found true of a bundle.
type Report struct {
	Origin      string `json:"origin"`
	SubjectType string `json:"subject_type"`
	SubjectID   string `json:"subject_id"`
	Exported    int64  `json:"exported"` // ms UTC, stated by the log's keeper

	Acts     int      `json:"acts"`               // proved to be in the log
	First    int64    `json:"first,omitempty"`    // time of the earliest act, ms UTC
	Last     int64    `json:"last,omitempty"`     // time of the latest act, ms UTC
	Delay    int64    `json:"delay"`              // longest time from act to seal, ms, as stated
	Unsealed []string `json:"unsealed,omitempty"` // ids of acts that nothing proves yet

	LastRevision     int64   `json:"last_revision"`
	MissingRevisions []int64 `json:"missing_revisions,omitempty"` // no act here accounts for these; at most 100

	LogSize   uint64   `json:"log_size"`
	Root      string   `json:"root"`      // base64
	SignedBy  []string `json:"signed_by"` // name and id of each given key that signed the checkpoint
	SM2       bool     `json:"sm2"`       // an SM2 signature was asked for and holds
	Witnesses []string `json:"witnesses,omitempty"`
}

// count takes up a proved act.
func (r *Report) count(a *Act, sealed int64) {
	if r.Acts == 0 {
		r.First, r.Last = a.At, a.At
	}
	r.Acts++
	r.First, r.Last = min(r.First, a.At), max(r.Last, a.At)
	r.Delay = max(r.Delay, sealed-a.At)
}

// Complete reports whether the acts are all proved and account for every
// revision of the subject.
func (r *Report) Complete() bool { return len(r.Unsealed) == 0 && len(r.MissingRevisions) == 0 }

// Verified says, a sentence each, what was found true.
func (r *Report) Verified() []fault.Text {
	out := []fault.Text{
		say("日志 %[1]s 的检查点由 %[2]s 签名", "The checkpoint of the log %[1]s is signed by %[2]s.", r.Origin, strings.Join(r.SignedBy, ", ")),
		say("日志共 %[1]d 条，根 %[2]s", "The log has %[1]d leaves and the root %[2]s.", r.LogSize, r.Root),
		say("%[1]s %[2]s 的 %[3]d 条行为记录都在日志中，未被改动", "All %[3]d acts on %[1]s %[2]s are in the log and unaltered.", r.SubjectType, r.SubjectID, r.Acts),
	}
	if r.Acts > 0 {
		out = append(out,
			say("行为时间自 %[1]s 至 %[2]s", "The acts are from %[1]s to %[2]s.", formatTime(r.First), formatTime(r.Last)),
			say("封存人声明：自行为到封存最长 %[1]d 毫秒", "The log's keeper states that at most %[1]d ms passed between an act and its sealing.", r.Delay))
	}
	if r.LastRevision > 0 && len(r.MissingRevisions) == 0 {
		out = append(out, say("第 1 至 %[1]d 版每一版都有记录，首尾相接", "Every revision from 1 to %[1]d has its act: the chain has no gap.", r.LastRevision))
	}
	out = append(out, say("日志保管者以封印声明：导出时（%[1]s）该事项的记录尽在于此", "By the seal the log's keeper states that these were all acts on the subject at %[1]s.", formatTime(r.Exported)))
	if r.SM2 {
		out = append(out, say("检查点另有国密SM2签名，验证通过", "The checkpoint also bears a valid SM2 signature."))
	}
	if len(r.Witnesses) > 0 {
		out = append(out, say("见证人 %[1]s 已联署", "Cosigned by the witnesses %[1]s.", strings.Join(r.Witnesses, ", ")))
	}
	return out
}

// NotCovered says, a sentence each, what this check cannot show.
func (r *Report) NotCovered() []fault.Text {
	var out []fault.Text
	if n := len(r.Unsealed); n > 0 {
		out = append(out, say("%[1]d 条记录尚未封存，不能证明：%[2]s", "%[1]d acts are not sealed yet and not proved: %[2]s", n, strings.Join(r.Unsealed, ", ")))
	}
	if n := len(r.MissingRevisions); n > 0 {
		out = append(out, say("缺少版次的记录：%[1]v", "No act accounts for the revisions %[1]v.", r.MissingRevisions))
	}
	out = append(out,
		say("记录只含数据的摘要：内容是否属实、数据本身，不在验证之列", "The acts hold digests of the data only; the data themselves, and whether they are true, were not checked."),
		say("行为发生到封存之间的时间，由日志保管者声明", "The time of an act, and the time until it was sealed, rest on the word of the log's keeper."))
	if len(r.Witnesses) == 0 {
		out = append(out, say("没有见证人联署：不能排除保管者另有一份不同的日志", "No witness has cosigned: that the keeper shows others a different log is not excluded."))
	}
	return out
}

func say(zh, en string, args ...any) fault.Text {
	return fault.Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}
}
