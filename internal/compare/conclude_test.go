package compare

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/lang"
)

// lane is a result of two runs with these ranges.
func lane(name string, p50, bytes Range) Result {
	return Result{Transport: name, Runs: 2, Messages: 10,
		Latency:         Latency{P50: (p50.Min + p50.Max) / 2},
		BytesPerMessage: (bytes.Min + bytes.Max) / 2,
		Spread:          Spread{latencyP50: p50, bytesPerMessage: bytes}}
}

func TestConclusionsSayWhatTheSpreadsSupport(t *testing.T) {
	r := Report{Results: []Result{
		lane("a", Range{1, 3}, Range{100, 100}),
		lane("b", Range{2, 4}, Range{120, 121}),
		lane("c", Range{3.5, 6}, Range{130, 131}),
		lane("d", Range{20, 30}, Range{500, 500}),
	}}
	assert.Equal(t, []string{
		"Lowest latency p50: a and b, 2.00 to 3.00 ms. Highest: d, 25.0 ms.",
		"Lowest bytes per message: a, 100. Highest: d, 500, 5.0 times as much.",
		"Lanes whose ranges over the runs overlap do not differ " +
			"measurably. Latency p50: a and b; b and c.",
	}, r.Conclusions(lang.English))
	assert.Equal(t, []string{
		"最低的延迟 p50：a 和 b，2.00 到 3.00 毫秒；最高：d，25.0 毫秒。",
		"最低的每条消息的字节数：a，100；最高：d，500，是前者的 5.0 倍。",
		"各轮的范围有重叠的传输，分不出高下。延迟 p50：a 和 b；b 和 c。",
	}, r.Conclusions(lang.Chinese))
}

func TestALargeGroupIsNamedByTheOthers(t *testing.T) {
	r := Report{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		r.Results = append(r.Results, lane(name, Range{1, 2}, Range{1, 2}))
	}
	r.Results[2] = lane("c", Range{5, 6}, Range{1, 2})
	assert.Equal(t,
		"Lanes whose ranges over the runs overlap do not differ measurably. Latency p50: all "+
			"lanes except c. Bytes per message: all lanes.", r.Conclusions(lang.English)[2])
	assert.Equal(t,
		"各轮的范围有重叠的传输，分不出高下。延迟 p50：除 c "+
			"以外的所有传输。每条消息的字节数：所有传输。", r.Conclusions(lang.Chinese)[2])
}

func TestManyGroupsAreCounted(t *testing.T) {
	r := Report{}
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		least := float64(i) // overlaps the lane before and the one behind
		r.Results = append(r.Results, lane(name, Range{least, least + 1.5},
			Range{10 * least, 10 * least}))
	}
	r.Results[4] = lane("e", Range{90, 91}, Range{90, 90})
	assert.Equal(t,
		"Lanes whose ranges over the runs overlap do not differ measurably. Latency p50: 4 of 5 "+
			"lanes overlap with another.", r.Conclusions(lang.English)[2])
	assert.Equal(t, "各轮的范围有重叠的传输，分不出高下。延迟 p50：5 种传输里有 4 种与别的重叠。",
		r.Conclusions(lang.Chinese)[2])
}

func TestOverlappingSpreadsAreNoDifference(t *testing.T) {
	r := Report{Results: []Result{lane("a", Range{1, 3}, Range{1, 9}),
		lane("b", Range{2, 4}, Range{2, 8})}}
	assert.Equal(t, []string{
		"Latency p50: all lanes are within the spread of the runs; the lowest is a.",
		"Bytes per message: all lanes are within the spread of the runs; the lowest is a.",
		"Lanes whose ranges over the runs overlap do not differ measurably. Latency p50: all " +
			"lanes. Bytes per message: all lanes.",
	}, r.Conclusions(lang.English))
	r.Results[1].Runs = 1
	assert.Len(t, r.Conclusions(lang.English), 1)
	assert.Contains(t, r.Conclusions(lang.English)[0], "One run has no spread")
	r.Results = r.Results[:1]
	assert.Empty(t, r.Conclusions(lang.English), "one lane has nothing to be compared with")
}

func TestTheClocksResolutionIsNoDifference(t *testing.T) {
	r := Report{Results: []Result{lane("a", Range{1, 1}, Range{1, 1}),
		lane("b", Range{2, 2}, Range{2, 2})}}
	for i, cpu := range []float64{40, 80} {
		r.Results[i].CPUPerMessage = cpu
		r.Results[i].Spread[cpuPerMessage] = Range{cpu, cpu}
	}
	assert.Equal(t,
		"All lanes differ measurably in latency p50, bytes per message and server CPU per "+
			"message: no two ranges over the runs overlap.", r.Conclusions(lang.English)[2])
	for i := range r.Results {
		r.Results[i].CPUResolution = 20
	}
	assert.Contains(t, r.Conclusions(lang.English)[2], "Server CPU per message: all lanes")
}

func TestLostMessagesAreSaid(t *testing.T) {
	r := Report{Results: []Result{lane("a", Range{1, 1}, Range{1, 1}),
		lane("b", Range{2, 2}, Range{2, 2})}}
	r.Results[1].Lost, r.Results[1].Reordered = 2, 1
	assert.Equal(t, "b: of 12 messages, 2 were lost, 0 duplicated and 1 reordered.",
		r.Conclusions(lang.English)[3])
	r.Results[0].Runs = 1
	assert.Equal(t, "b：12 条消息里，丢失 2 条，重复 0 条，乱序 1 条。",
		r.Conclusions(lang.Chinese)[0])
}

func TestAllLanesTold(t *testing.T) {
	r := Report{Results: []Result{lane("a", Range{1, 1}, Range{1, 1}),
		lane("b", Range{2, 2}, Range{2, 2})}}
	assert.Equal(t,
		"All lanes differ measurably in latency p50 and bytes per message: "+
			"no two ranges over the runs overlap.", r.Conclusions(lang.English)[2])
}

func TestSeveralPartsSayWhatHoldsInAll(t *testing.T) {
	one := Report{Results: []Result{lane("a", Range{1, 3}, Range{1, 1}),
		lane("b", Range{2, 4}, Range{2, 2}), lane("c", Range{8, 9}, Range{3, 3})}}
	two := Report{Results: []Result{lane("a", Range{5, 6}, Range{1, 1}),
		lane("b", Range{2, 4}, Range{2, 2}), lane("c", Range{3, 9}, Range{3, 3})}}
	three := Report{Results: []Result{lane("a", Range{1, 1}, Range{5, 5}),
		lane("b", Range{2, 4}, Range{2, 2}), lane("c", Range{3, 9}, Range{3, 3})}}
	assert.Equal(t, []string{
		"Latency p50: in all 2 configurations, no lane is measurably lower than b.",
		"Bytes per message: in all 2 configurations, no lane is measurably lower than a.",
	}, (&Document{Parts: []*Report{&one, &two}}).Overall(lang.English))
	idle := Report{Config: ReportedConfig{Config: Config{Load: Load{Workload: Idle}}},
		Results: slices.Clone(two.Results)}
	for i := range idle.Results {
		idle.Results[i].Messages = 0
	}
	one.Config.Workload = Feed
	assert.Equal(t, []string{"Workload feed: " + one.Conclusions(lang.English)[0]},
		(&Document{Parts: []*Report{&one, &idle}}).Overall(lang.English)[:1])
	assert.Equal(t, []string{
		"延迟 p50：最常属于最低的是 a 和 b，3 种配置里占 2 种。",
		"每条消息的字节数：最常属于最低的是 a，3 种配置里占 2 种。",
	}, (&Document{Parts: []*Report{&one, &two, &three}}).Overall(lang.Chinese))
}
