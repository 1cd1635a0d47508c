package load

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"os"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/shirou/gopsutil/v4/process"

	"realtimelab/internal/compare"
	"realtimelab/internal/lang"
	"realtimelab/internal/latency"
)

// Live is a load while it runs.
type Live struct {
	Phase      string        // connect, measure or grace
	Elapsed    time.Duration // of the phase
	Of         time.Duration // what the phase should take
	Clients    int           // that have a connection
	Wanted     int           // 0 in the profile connect
	Connecting int
	Sent       int
	Delivered  int
	Missing    int // deliveries that are outstanding
	Latency    Percentiles
	Connect    Percentiles
	Recent     Slice
	Failures   []Failure
	Limits     []lang.Text // why this process may be the bottleneck
}

// A Slice is a part of the run.
type Slice struct {
	At        float64 `json:"at_s"` // when it ended, from the start of the run
	Phase     string  `json:"phase"`
	Clients   int     `json:"clients"`
	Sent      int     `json:"sent"`
	Delivered int     `json:"delivered"`
	Failed    int     `json:"failed"`
	// of the deliveries in it; without messages, of the connections
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
	CPU float64 `json:"cpus"` // that this process kept busy
}

// Bounds above which this process may be the bottleneck.
const (
	busyProcess = 0.85 // of its cores
	busyMachine = 0.95
	busyShare   = 0.25 // of its cores, on a busy machine: below, other programs keep it busy
	busyGC      = 0.15 // of its CPU time
	lateMS      = 10   // p99 of its own lateness
)

// maxSlices bounds the slices of a report.
const maxSlices = 120

// watch looks at the run, and at this process.
type watch struct {
	run      *run
	progress func(Live)
	baseline uint64 // resident bytes before the first client

	mu      sync.Mutex
	phase   string
	since   time.Duration
	slices  []Slice
	slice   mark // the beginning of the next slice
	tick    mark // the beginning of the next Live.Recent
	begun   compare.Generator
	before  runtimeCounts
	machine Generator // after end
}

// A mark is the beginning of a Slice: the totals at a time.
type mark struct {
	at                      float64 // seconds from the start
	sent, delivered, failed int
	cpu                     compare.Generator
}

// Generator counts the resources of this process, and says whether it was the bottleneck.
type Generator struct {
	CPUs        float64 `json:"cpus"`         // that it kept busy
	Cores       int     `json:"cores"`        // that it may use
	MachineBusy float64 `json:"machine_busy"` // 0 to 1, all processes
	Memory      float64 `json:"memory_mib"`   // resident
	// of the memory; 0 if there are too few clients to tell
	PerClient float64 `json:"kib_per_client"`
	// by how much it was late to send and connect in the measurement
	LagP99      float64     `json:"lag_p99_ms"`
	ArrivalLag  float64     `json:"arrival_lag_p99_ms"` // and before it, while the clients arrived
	ScheduleP99 float64     `json:"goroutine_wait_p99_ms"`
	GC          float64     `json:"gc_cpu"` // part of its CPU time, 0 to 1
	GCPause     float64     `json:"gc_pause_max_ms"`
	SharedCores bool        `json:"shares_machine"` // the server runs on this machine
	Bottleneck  []lang.Text `json:"bottleneck"`     // why the figures may be its own
}

func newWatch(r *run, progress func(Live)) *watch {
	cpu := compare.WatchGenerator()
	return &watch{run: r, progress: progress, phase: "connect", baseline: resident(), begun: cpu,
		slice: mark{cpu: cpu}, tick: mark{cpu: cpu}}
}

// loop tells progress at equal times, and adds a slice after one or several of them, until ctx
// ends.
func (w *watch) loop(ctx context.Context) {
	total := w.run.config.rampTime() + w.run.config.Duration
	every := min(time.Second, max(total/maxSlices, w.run.config.Duration/10))
	ticks := int(total/(maxSlices*every)) + 1
	for n := 1; sleep(ctx, every); n++ {
		w.tell(n%ticks == 0)
	}
	w.tell(true)
}

// enter begins a phase.
func (w *watch) enter(phase string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase, w.since = phase, w.run.elapsed()
}

// begin starts the measurement.
func (w *watch) begin() {
	w.enter("measure")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun, w.before = compare.WatchGenerator(), readRuntime()
	w.run.tally.mu.Lock()
	defer w.run.tally.mu.Unlock()
	w.run.tally.measures = true
}

// end ends the measurement.
func (w *watch) end() {
	w.mu.Lock()
	w.machine = w.generator()
	w.mu.Unlock()
	w.enter("grace")
}

// tell tells progress, and adds a slice if one ends now.
func (w *watch) tell(endsSlice bool) {
	r, t := w.run, w.run.tally
	live := Live{Failures: t.list(), Connecting: int(t.connecting.Load()), Wanted: r.config.Clients}
	if r.config.profile.churn {
		live.Wanted = 0
	}
	w.mu.Lock()
	live.Phase, live.Elapsed = w.phase, r.elapsed()-w.since
	live.Of = map[string]time.Duration{"connect": r.config.rampTime(), "measure": r.config.Duration,
		"grace": r.config.Grace}[w.phase]
	if w.phase == "measure" {
		live.Limits = w.generator().Bottleneck
	}
	t.mu.Lock()
	live.Clients, live.Sent, live.Delivered, live.Missing = t.ready, t.sent, t.delivered,
		t.expected-t.delivered
	live.Latency, live.Connect = percentiles(t.latency), percentiles(t.connect)
	now := mark{at: round(r.elapsed().Seconds(), 3), sent: t.sent, delivered: t.delivered,
		cpu: compare.WatchGenerator()}
	now.failed = count(live.Failures, phaseConnect) + count(live.Failures,
		phaseHold) + count(live.Failures, phaseSend)
	longest := max(live.Latency.Max, live.Connect.Max)
	live.Recent = w.tick.until(now, t.recent, longest)
	t.slice.Merge(t.recent)
	t.recent.Reset()
	live.Recent.Phase, live.Recent.Clients = w.phase, t.ready
	w.tick = now
	if endsSlice {
		one := w.slice.until(now, t.slice, longest)
		one.Phase, one.Clients = w.phase, t.ready
		t.slice.Reset()
		w.slices, w.slice = append(w.slices, one), now
	}
	t.mu.Unlock()
	w.mu.Unlock()
	w.progress(live)
}

// until returns the slice from a mark to the next, with the latencies in it. Its histogram is
// coarse: no value is above the longest that was measured.
func (m mark) until(now mark, h *hdrhistogram.Histogram, longest float64) Slice {
	p := percentiles(h)
	cpu, _ := m.cpu.Spent()
	p.P50, p.P99, p.Max = min(p.P50, longest), min(p.P99, longest), min(p.Max, longest)
	return Slice{At: now.at, Sent: now.sent - m.sent, Delivered: now.delivered - m.delivered,
		Failed: now.failed - m.failed, P50: p.P50, P99: p.P99, Max: p.Max,
		CPU: round(cpu.Seconds()/max(now.at-m.at, 0.001), 2)}
}

// generator returns what this process needed since begin. The caller holds mu.
func (w *watch) generator() Generator {
	r := w.run
	cpu, busy := w.begun.Spent()
	took := (r.elapsed() - w.since).Seconds()
	counts := readRuntime()
	g := Generator{
		CPUs: round(cpu.Seconds()/max(took, 0.001), 2), Cores: runtime.GOMAXPROCS(0),
		MachineBusy: round(busy, 3),
		ScheduleP99: round(counts.wait.since(w.before.wait, 0.99)*1000, 3),
		GCPause:     round(counts.pause.since(w.before.pause, 1)*1000, 3),
		SharedCores: local(r.address.Addr()), Bottleneck: []lang.Text{},
	}
	if used := counts.total - w.before.total; used > 0 {
		g.GC = round((counts.gc-w.before.gc)/used, 3)
	}
	memory := resident()
	g.Memory = round(float64(memory)/(1<<20), 1)
	r.tally.mu.Lock()
	g.LagP99, g.ArrivalLag = latency.Millis(r.tally.lag.ValueAtQuantile(99)),
		latency.Millis(r.tally.lagAt.ValueAtQuantile(99))
	ready := r.tally.ready
	r.tally.mu.Unlock()
	if ready >= 1000 && memory > w.baseline {
		g.PerClient = round(float64(memory-w.baseline)/1024/float64(ready), 2)
	}
	g.judge()
	return g
}

// judge says why the process may be the bottleneck.
func (g *Generator) judge() {
	say := func(when bool, en, zh string, args ...any) {
		if when {
			g.Bottleneck = append(g.Bottleneck,
				lang.Text{EN: fmt.Sprintf(en, args...), ZH: fmt.Sprintf(zh, args...)})
		}
	}
	say(g.CPUs > busyProcess*float64(g.Cores), "it kept %.1f of its %s busy",
		"它占满了 %[2]d 个核中的 %.1[1]f 个", g.CPUs,
		lang.Counted(g.Cores, "core"))
	busy := g.MachineBusy > busyMachine && !g.busyWithOthers()
	say(busy && g.SharedCores, "the server runs on the same machine, whose CPU was %.0f %% busy",
		"服务器在同一台机器上，CPU 占用 %.0f %%", 100*g.MachineBusy)
	say(busy && !g.SharedCores, "the CPU of its machine was %.0f %% busy",
		"所在机器的 CPU 占用 %.0f %%", 100*g.MachineBusy)
	say(g.LagP99 > lateMS, "it sent or connected %.1f ms too late (p99)",
		"它发送或连接晚了 %.1f 毫秒（p99）", g.LagP99)
	say(g.ArrivalLag > lateMS, "its clients arrived %.1f ms too late (p99)",
		"它的客户端晚到 %.1f 毫秒（p99）", g.ArrivalLag)
	say(g.ScheduleP99 > lateMS, "its goroutines waited %.1f ms for a core (p99)",
		"它的 goroutine 等待 CPU %.1f 毫秒（p99）", g.ScheduleP99)
	say(g.GC > busyGC, "garbage collection took %.0f %% of its CPU time",
		"垃圾回收占用它 %.0f %% 的 CPU 时间", 100*g.GC)
	say(g.GCPause > lateMS, "garbage collection stopped it for %.1f ms",
		"垃圾回收使它停顿 %.1f 毫秒", g.GCPause)
}

// busyWithOthers reports whether other programs kept the machine busy, such as the server.
func (g *Generator) busyWithOthers() bool {
	return g.MachineBusy > busyMachine && g.CPUs <= busyShare*float64(g.Cores)
}

// others says how busy other programs kept the machine.
func (g *Generator) others() lang.Text {
	by := lang.Text{EN: "other programs", ZH: "其他程序"}
	if g.SharedCores {
		by = lang.Text{EN: "the server and other programs", ZH: "服务器和其他程序"}
	}
	return lang.Text{
		EN: fmt.Sprintf(
			"The CPU of this machine was %.0f %% busy, mostly with %s: the load "+
				"generator took %.2f of %s. "+
				"Latencies include the wait for a core.", 100*g.MachineBusy, by.EN, g.CPUs,
			lang.Counted(g.Cores, "core")),
		ZH: fmt.Sprintf(
			"这台机器的 CPU 占用 %.0f %%，主要来自%s：负载发生器用了 %.2f "+
				"/ %d 核。延迟包括等待 CPU 的时间。",
			100*g.MachineBusy, by.ZH, g.CPUs, g.Cores)}
}

func local(a netip.Addr) bool { return a.IsLoopback() }

// resident returns the bytes of memory that this process holds.
func resident() uint64 {
	p, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return 0
	}
	info, err := p.MemoryInfo()
	if err != nil {
		return 0
	}
	return info.RSS
}

// runtimeCounts are counters of Go's runtime.
type runtimeCounts struct {
	gc, total   float64 // CPU seconds
	wait, pause buckets // in seconds
}

// buckets is a histogram of the runtime.
type buckets struct {
	counts []uint64
	bounds []float64
}

func readRuntime() (c runtimeCounts) {
	samples := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"},
		{Name: "/sched/latencies:seconds"}, {Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(samples)
	number := func(i int) float64 {
		if samples[i].Value.Kind() == metrics.KindFloat64 {
			return samples[i].Value.Float64()
		}
		return 0
	}
	histogram := func(i int) buckets {
		if samples[i].Value.Kind() != metrics.KindFloat64Histogram {
			return buckets{}
		}
		h := samples[i].Value.Float64Histogram()
		return buckets{h.Counts, h.Buckets}
	}
	return runtimeCounts{number(0), number(1) - number(2), histogram(3), histogram(4)}
}

// since returns a quantile of what was counted after before: the upper bound of its bucket.
func (b buckets) since(before buckets, quantile float64) float64 {
	rises, sum := make([]uint64, len(b.counts)), uint64(0)
	for i, n := range b.counts {
		if i < len(before.counts) {
			n -= before.counts[i]
		}
		rises[i] = n
		sum += n
	}
	rank := uint64(math.Ceil(quantile * float64(sum)))
	for i, n := range rises {
		if n >= rank && rank > 0 {
			if upper := b.bounds[i+1]; !math.IsInf(upper, 1) {
				return upper
			}
			return b.bounds[i]
		}
		rank -= min(n, rank)
	}
	return 0
}

func round(v float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(v*p) / p
}
