// Package netsim puts a simulated network in front of a server.
//
// A Front takes real TCP connections and carries each over a simulated link to the server: two
// userspace TCP/IP stacks, one at each end, exchange IP packets that the link delays, drops and
// queues. So TCP itself reacts to a lost packet: with retransmission timers, duplicate
// acknowledgements and a congestion window. The package needs no privileges.
//
// A UDP datagram crosses the same link as one IP packet, without a stack, because UDP has no state.
// The two programs, which may speak QUIC, react to a loss themselves.
package netsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/lang"
)

// A Link describes the effects of a network on packets. The zero value has none.
type Link struct {
	RTT time.Duration // round-trip time without queueing
	// the RTT varies evenly by up to this much either way; packets stay in order
	Jitter time.Duration
	Loss   float64 // fraction of packets lost, independently in each direction
	Rate   float64 // bits of IP packets per second in each direction; 0 means unlimited
}

// presets are typical values for the networks they are named after.
var presets = []struct {
	name string
	link Link
}{
	{"none", Link{}},
	{"wifi", Link{RTT: 5 * time.Millisecond, Jitter: 3 * time.Millisecond, Loss: 0.001,
		Rate: 50e6}},
	{"4g", Link{RTT: 50 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.002,
		Rate: 20e6}},
	{"3g", Link{RTT: 200 * time.Millisecond, Jitter: 40 * time.Millisecond, Loss: 0.005,
		Rate: 1.6e6}},
	{"satellite", Link{RTT: 600 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.002,
		Rate: 10e6}},
	{"lossy", Link{RTT: 60 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.05,
		Rate: 10e6}},
}

// Names returns the names of the presets.
func Names() []string {
	var names []string
	for _, p := range presets {
		names = append(names, p.name)
	}
	return names
}

// Limits of a Link.
const (
	maxRTT  = 10 * time.Second
	maxLoss = 0.5
	minRate = 8e3
	maxRate = 10e9
)

// Parse reads a network: a name, or settings such as
//
//	rtt=100ms,jitter=20ms,loss=2%,rate=1mbit
//
// or a name and settings that change it: 3g,loss=0%. Loss is a percentage or a part
// of 1, a rate is in bit, kbit, mbit or gbit a second.
func Parse(text string) (Link, error) {
	var l Link
	seen := map[string]bool{}
	for i, field := range strings.Split(text, ",") {
		key, value, setting := strings.Cut(strings.TrimSpace(field), "=")
		key = strings.ToLower(key)
		if seen[key] {
			return Link{}, lang.Errorf("network %q: %s is given twice",
				"网络 %q：%s 写了两次", text, key)
		}
		seen[key] = true
		if !setting {
			at := slices.Index(Names(), key)
			if at < 0 || i > 0 {
				return Link{},
					lang.Errorf("network %q: want one of %s, or rtt=…,jitter=…,loss=…,rate=…",
						"网络 %q：应为 %s 之一，或 rtt=…,jitter=…,loss=…,rate=…", text,
						strings.Join(Names(), ", "))
			}
			l = presets[at].link
			continue
		}
		var err error
		switch key {
		case "rtt":
			l.RTT, err = time.ParseDuration(value)
		case "jitter":
			l.Jitter, err = time.ParseDuration(value)
		case "loss":
			l.Loss, err = parseLoss(value)
		case "rate":
			l.Rate, err = parseRate(value)
		default:
			return Link{},
				lang.Errorf("network %q: no setting %q; there are rtt, jitter, loss and rate",
					"网络 %q：没有设置 %q；可用 rtt、jitter、loss 和 rate",
					text, key)
		}
		if err != nil {
			return Link{},
				lang.Errorf("network %q: %s=%s: want such as rtt=100ms, "+
					"jitter=20ms, loss=2%%, rate=1mbit",
					"网络 %q：%s=%s：应如 rtt=100ms、jitter=20ms、loss=2%%、rate=1mbit", text,
					key, value)
		}
	}
	if err := l.check(); err != nil {
		return Link{}, lang.Errorf("network %q: %w",
			"网络 %q：%w", text, err)
	}
	return l, nil
}

// ParseList reads networks between commas. A name begins the next network, and settings belong to
// the network before them: none,3g,loss=2% is two networks.
func ParseList(text string) ([]Link, error) {
	var all []Link
	var one []string
	fields := strings.Split(text, ",")
	for i, field := range fields {
		one = append(one, field)
		if i+1 < len(fields) && strings.Contains(fields[i+1], "=") {
			continue
		}
		l, err := Parse(strings.Join(one, ","))
		if err != nil {
			return nil, err
		}
		all, one = append(all, l), nil
	}
	return all, nil
}

func (l Link) check() error {
	switch {
	case l.RTT < 0 || l.RTT > maxRTT:
		return lang.Errorf("rtt %s: want 0 to %s",
			"rtt %s：应为 0 到 %s", l.RTT, maxRTT)
	case l.Jitter < 0 || l.Jitter > l.RTT:
		return lang.Errorf("jitter %s: want at most the rtt, %s",
			"jitter %s：不能超过 rtt（%s）", l.Jitter, l.RTT)
	case !(l.Loss >= 0 && l.Loss <= maxLoss):
		return lang.Errorf("loss %g%%: want 0%% to %g%%",
			"loss %g%%：应为 0%% 到 %g%%", l.Loss*100, maxLoss*100)
	case l.Rate != 0 && !(l.Rate >= minRate && l.Rate <= maxRate):
		return lang.Errorf("rate %gbit: want 8kbit to 10gbit",
			"rate %gbit：应为 8kbit 到 10gbit", l.Rate)
	}
	return nil
}

func parseLoss(text string) (float64, error) {
	digits, percent := strings.CutSuffix(text, "%")
	loss, err := strconv.ParseFloat(digits, 64)
	if percent {
		loss /= 100
	}
	return loss, err
}

var units = []struct {
	name string
	bits float64
}{{"gbit", 1e9}, {"mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}}

func parseRate(text string) (float64, error) {
	for _, u := range units {
		if digits, ok := strings.CutSuffix(strings.ToLower(text), u.name); ok {
			rate, err := strconv.ParseFloat(digits, 64)
			return rate * u.bits, err
		}
	}
	return 0, fmt.Errorf("no unit")
}

// String returns l in the syntax of Parse, as a name if there is one.
func (l Link) String() string {
	for _, p := range presets {
		if p.link == l {
			return p.name
		}
	}
	settings := []string{"rtt=" + l.RTT.String()}
	if l.Jitter > 0 {
		settings = append(settings, "jitter="+l.Jitter.String())
	}
	if l.Loss > 0 {
		settings = append(settings, "loss="+strconv.FormatFloat(l.Loss*100, 'g', 6, 64)+"%")
	}
	if l.Rate > 0 {
		settings = append(settings, "rate="+formatRate(l.Rate))
	}
	return strings.Join(settings, ",")
}

func formatRate(rate float64) string {
	for _, u := range units {
		if rate >= u.bits {
			return strconv.FormatFloat(rate/u.bits, 'f', -1, 64) + u.name
		}
	}
	return strconv.FormatFloat(rate, 'f', -1, 64) + "bit"
}

// Describe returns a description of the link in figures.
func (l Link) Describe() lang.Text {
	if l == (Link{}) {
		return lang.Text{EN: "no simulated network", ZH: "不模拟网络"}
	}
	loss := strconv.FormatFloat(l.Loss*100, 'g', 6, 64)
	d := lang.Text{
		EN: fmt.Sprintf("RTT %s ± %s, %s%% of the packets lost each way", l.RTT, l.Jitter, loss),
		ZH: fmt.Sprintf("往返 %s ± %s，每个方向丢包 %s%%", l.RTT, l.Jitter, loss),
	}
	if l.Rate > 0 {
		d.EN += ", " + formatRate(l.Rate) + "/s each way"
		d.ZH += "，每个方向 " + formatRate(l.Rate) + "/s"
	}
	return d
}
