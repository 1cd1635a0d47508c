package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"realtimelab/internal/lang"
)

// ranked is a lane with a figure.
type ranked struct {
	name  string
	value float64
	over  Range // the range of its values
	text  string
}

// rank sorts the lanes by the figure, lowest first. It is empty unless each was measured more than
// once.
func (r *Report) rank(f Figure) []ranked {
	var all []ranked
	for _, x := range r.Results {
		over, ok := f.within(x)
		if !ok {
			return nil
		}
		v, _ := f.Of(x)
		all = append(all, ranked{x.Transport, v, over, f.Text(x)})
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.value, b.value) })
	return all
}

// like returns the lanes whose range overlaps that of one.
func like(all []ranked, one ranked) []ranked {
	var same []ranked
	for _, x := range all {
		if x.over.overlaps(one.over) {
			same = append(same, x)
		}
	}
	return same
}

// groups returns the largest groups of lanes whose ranges all overlap, so that no two lanes differ.
// A group has at least two lanes.
func groups(all []ranked) [][]ranked {
	var found [][]ranked
	for _, start := range all {
		var group []ranked
		for _, x := range all { // all whose ranges contain the start
			if x.over.Min <= start.over.Min && start.over.Min <= x.over.Max {
				group = append(group, x)
			}
		}
		if len(group) > 1 {
			found = append(found, group)
		}
	}
	within := func(a, b []ranked) bool {
		return !slices.ContainsFunc(a, func(x ranked) bool { return !slices.Contains(b, x) })
	}
	var largest [][]ranked
	for i, a := range found {
		covered := false
		for k, b := range found {
			if i != k && within(a, b) && (len(a) < len(b) || k < i) {
				covered = true
			}
		}
		if !covered {
			largest = append(largest, a)
		}
	}
	return largest
}

// told lists the figures of the first sentences, in order, and undecided the figures of the last
// sentence. The figures of a workload come first.
var (
	told      = []string{latencyP50, bytesPerMessage}
	undecided = []string{latencyP50, latencyP99, bytesPerMessage, cpuPerMessage}
)

// Conclusions returns the sentences that the figures support: the lanes with the lowest and the
// highest value, and the lanes whose spreads overlap. Two lanes differ if their ranges over the
// runs do not overlap.
func (r *Report) Conclusions(language lang.Lang) []string {
	if len(r.Results) < 2 {
		return nil
	}
	var faults []string
	for _, x := range r.Results {
		if s := x.faults(language); s != "" {
			faults = append(faults, s)
		}
	}
	if slices.ContainsFunc(r.Results, func(x Result) bool { return x.Runs < 2 }) {
		return append(faults,
			language.Say(
				"One run has no spread, so it is unknown which differences "+
					"are real: use --runs 2 or more.",
				"只测了一轮，没有范围可比，分不出高下：请用 --runs 2 或更多。"))
	}
	sentences, last := told, undecided
	if w, _ := FindWorkload(r.Config.Workload); w.told != nil {
		sentences, last = w.told, w.told
	}
	var all []string
	for _, key := range sentences {
		if s := r.extremes(figureOf(key), language); s != "" {
			all = append(all, s)
		}
	}
	if s := r.undecided(last, language); s != "" {
		all = append(all, s)
	}
	return append(all, faults...)
}

// faults says which messages did not arrive once and in order.
func (r Result) faults(language lang.Lang) string {
	if r.Lost+r.Duplicated+r.Reordered == 0 {
		return ""
	}
	return fmt.Sprintf(language.Say(
		"%s: of %s, %d were lost, %d duplicated and %d reordered.",
		"%s：%d 条消息里，丢失 %d 条，重复 %d 条，乱序 %d 条。"),
		r.Transport, lang.Counted(r.Messages+r.Lost, "message"), r.Lost, r.Duplicated, r.Reordered)
}

// extremes says which lanes have the lowest and the highest value of a figure.
func (r *Report) extremes(f Figure, language lang.Lang) string {
	all := r.rank(f)
	if len(all) < 2 {
		return ""
	}
	least, most := like(all, all[0]), like(all, all[len(all)-1])
	if all[0].over.overlaps(all[len(all)-1].over) {
		return fmt.Sprintf(language.Say(
			"%s: all lanes are within the spread of the runs; the lowest is %s.",
			"%s：所有传输都在各轮的波动范围之内；数值最低的是 %s。"), capital(f.Name.In(language)),
			all[0].name)
	}
	most = slices.DeleteFunc(slices.Clone(most), func(x ranked) bool {
		return slices.Contains(least, x)
	})
	text := fmt.Sprintf(language.Say("Lowest %s: %s, %s. Highest: %s, %s",
		"最低的%s：%s，%s；最高：%s，%s"),
		f.Name.In(language), names(least, language), span(least, f, language),
		names(most, language), span(most, f, language))
	if times := all[len(all)-1].value / all[0].value; len(least) == 1 && len(most) == 1 &&
		times >= 1.1 && !f.below(r.resultOf(all[0].name), all[0].value) && all[0].value > 0 {
		text += fmt.Sprintf(language.Say(", %s times as much", "，是前者的 %s 倍"), factor(times))
	}
	return text + language.Say(".", "。")
}

func (r *Report) resultOf(transport string) Result {
	for _, x := range r.Results {
		if x.Transport == transport {
			return x
		}
	}
	return Result{}
}

// maxGroups bounds the groups of lanes that a sentence names for one figure. The charts show all.
const maxGroups = 2

// grouped counts the lanes of all groups.
func grouped(groups [][]ranked) int {
	lanes := map[string]bool{}
	for _, group := range groups {
		for _, x := range group {
			lanes[x.name] = true
		}
	}
	return len(lanes)
}

// undecided returns the sentences about lanes whose ranges overlap.
func (r *Report) undecided(keys []string, language lang.Lang) string {
	var judged, parts []string
	for _, key := range keys {
		f := figureOf(key)
		all := r.rank(f)
		if all == nil {
			continue
		}
		judged = append(judged, f.Name.In(language))
		var sets []string
		overlapping := groups(all)
		for _, group := range overlapping {
			sets = append(sets, allBut(all, group, language))
		}
		if len(overlapping) > maxGroups {
			sets = []string{fmt.Sprintf(language.Say("%d of %d lanes overlap with another",
				"%[2]d 种传输里有 %[1]d 种与别的重叠"), grouped(overlapping), len(all))}
		}
		if len(sets) > 0 {
			parts = append(parts, capital(f.Name.In(language))+language.Say(": ",
				"：")+strings.Join(sets, language.Say("; ", "；")))
		}
	}
	switch {
	case len(judged) == 0:
		return ""
	case len(parts) == 0:
		return fmt.Sprintf(language.Say(
			"All lanes differ measurably in %s: no two ranges over the runs overlap.",
			"所有传输的%s都有可测的差别：各轮的范围互不重叠。"), list(judged, language))
	}
	return language.Say("Lanes whose ranges over the runs overlap do not differ measurably. ",
		"各轮的范围有重叠的传输，分不出高下。") + strings.Join(parts,
		language.Say(". ", "。")) + language.Say(".", "。")
}

// allBut names a group: its lanes or, if they are the majority, the other lanes.
func allBut(all, group []ranked, language lang.Lang) string {
	others := slices.DeleteFunc(slices.Clone(all), func(x ranked) bool {
		return slices.Contains(group, x)
	})
	switch {
	case len(others) == 0:
		return language.Say("all lanes", "所有传输")
	case len(group) > 2 && len(others) < len(group)/2:
		return fmt.Sprintf(language.Say("all lanes except %s", "除 %s 以外的所有传输"),
			names(others, language))
	}
	return names(group, language)
}

// names joins the names of lanes.
func names(all []ranked, language lang.Lang) string {
	var words []string
	for _, x := range all {
		words = append(words, x.name)
	}
	return list(words, language)
}

// list joins words as a sentence does.
func list(words []string, language lang.Lang) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], language.Say(", ", "、")) + language.Say(" and ",
		" 和 ") + words[last]
}

// span returns the value of one lane, or the lowest and the highest of several.
func span(all []ranked, f Figure, language lang.Lang) string {
	text := all[0].text
	if last := all[len(all)-1].text; last != text {
		text += language.Say(" to ", " 到 ") + last
	}
	if unit := f.Unit.In(language); unit != "" {
		text += " " + unit
	}
	return text
}

// factor is a ratio with two digits.
func factor(times float64) string {
	if times < 10 {
		return fmt.Sprintf("%.1f", times)
	}
	return fmt.Sprintf("%.0f", times)
}

// capital makes the first letter of an English sentence a capital.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}
