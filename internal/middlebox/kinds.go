package middlebox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/nearest"
)

// Kinds configures the behavior of a Proxy. The zero value forwards everything faithfully. Kinds
// combine: NoWebSocket and HTTP10 leave nothing for LossyUpgrade to lose.
type Kinds struct {
	Buffering   bool // hold a response until it has 4 KiB, or ends
	NoWebSocket bool // take the header Upgrade out of requests
	// cut a request or an upgraded connection after this time of silence; 0 never does
	Idle        time.Duration
	NoKeepAlive bool // close each connection after one response
	// speak HTTP/1.0 on both sides: no chunks, no Upgrade, no second request
	HTTP10       bool
	StripOrigin  bool          // take the header Origin out of requests
	SlowBody     time.Duration // delay a request's body by this time; 0 passes it on at once
	LossyUpgrade bool          // let a WebSocket open, but pass none of its bytes
}

// A Kind describes one of the Kinds.
type Kind struct {
	Name string    // as Parse takes it
	Says lang.Text // what the proxy does, beginning with a verb

	// Default is the duration of a kind that has one, and 0 for the others.
	Default time.Duration

	flag func(*Kinds) *bool
	time func(*Kinds) *time.Duration
}

// All returns the kinds, in the order of the lesson.
func All() []Kind {
	return []Kind{
		{Name: "buffering", flag: func(k *Kinds) *bool { return &k.Buffering }, Says: lang.Text{
			EN: "collects a response until it has 4 KiB, or ends",
			ZH: "把响应攒到 4 KiB 或结束才转发",
		}},
		{Name: "no-websocket", flag: func(k *Kinds) *bool {
			return &k.NoWebSocket
		}, Says: lang.Text{
			EN: "takes the header Upgrade out of requests", ZH: "去掉请求中的 Upgrade 字段",
		}},
		{Name: "idle", Default: 30 * time.Second, time: func(k *Kinds) *time.Duration {
			return &k.Idle
		}, Says: lang.Text{
			EN: "cuts a request or a WebSocket that is silent for so long",
			ZH: "请求或 WebSocket 静默达到这个时长就切断",
		}},
		{Name: "no-keepalive", flag: func(k *Kinds) *bool {
			return &k.NoKeepAlive
		}, Says: lang.Text{
			EN: "closes each connection after one response", ZH: "每个响应之后都关闭连接",
		}},
		{Name: "http10", flag: func(k *Kinds) *bool { return &k.HTTP10 }, Says: lang.Text{
			EN: "speaks HTTP/1.0 on both sides: no chunks, no upgrade",
			ZH: "两侧都只用 HTTP/1.0：没有分块，也没有升级",
		}},
		{Name: "strip-origin", flag: func(k *Kinds) *bool {
			return &k.StripOrigin
		}, Says: lang.Text{
			EN: "takes the header Origin out of requests", ZH: "去掉请求中的 Origin 字段",
		}},
		{Name: "slow-body", Default: 2 * time.Second, time: func(k *Kinds) *time.Duration {
			return &k.SlowBody
		}, Says: lang.Text{
			EN: "passes a request's body on so much later", ZH: "请求正文推迟这么久才转发",
		}},
		{Name: "lossy-upgrade", flag: func(k *Kinds) *bool {
			return &k.LossyUpgrade
		}, Says: lang.Text{
			EN: "lets a WebSocket open, and passes none of its bytes",
			ZH: "允许 WebSocket 打开，却不转发其中任何字节",
		}},
	}
}

// Names returns the names of the kinds.
func Names() (names []string) {
	for _, k := range All() {
		names = append(names, k.Name)
	}
	return names
}

// none is the name of the zero Kinds.
const none = "none"

// Limits of a kind's duration. With a longer delay of a body, the server would time out.
const (
	minIdle = 100 * time.Millisecond
	maxIdle = time.Hour
	maxSlow = 10 * time.Second
)

// Parse reads kinds between commas or plus signs, such as "buffering,idle=30s". A kind with a
// duration has a default. "none" is the zero Kinds.
func Parse(text string) (Kinds, error) {
	var all Kinds
	if strings.TrimSpace(text) == none {
		return all, nil
	}
	known := All()
	seen := map[string]bool{}
	for field := range strings.FieldsFuncSeq(text+",", func(r rune) bool {
		return r == ',' || r == '+'
	}) {
		name, value, valued := strings.Cut(strings.TrimSpace(field), "=")
		name = strings.ToLower(strings.TrimSpace(name))
		at := slices.IndexFunc(known, func(k Kind) bool { return k.Name == name })
		switch {
		case name == none:
			return Kinds{}, lang.Errorf(
				"proxy %q: none is a proxy without faults, and stands alone",
				"代理 %q：none 是没有故障的代理，只能单独使用",
				text)
		case at < 0:
			suggestion := lang.Text{EN: ".", ZH: "。"}
			if near := nearest.To(name, Names()); near != "" {
				suggestion = lang.Text{EN: fmt.Sprintf("; did you mean %q?", near),
					ZH: fmt.Sprintf("；你是想输入 %q 吗？", near)}
			}
			return Kinds{}, lang.Errorf("proxy %q: no kind %q%s The kinds are: %s, %s",
				"代理 %q：没有种类 %q%s种类有：%s, %s", text, name,
				suggestion, none, strings.Join(Names(), ", "))
		case seen[name]:
			return Kinds{}, lang.Errorf("proxy %q: %s is given twice",
				"代理 %q：%s 写了两次", text, name)
		}
		seen[name] = true
		k := known[at]
		if k.flag != nil {
			if valued {
				return Kinds{}, lang.Errorf("proxy %q: %s takes no value",
					"代理 %q：%s 不带值", text, name)
			}
			*k.flag(&all) = true
			continue
		}
		*k.time(&all) = k.Default
		if valued {
			d, err := time.ParseDuration(strings.TrimSpace(value))
			if err != nil {
				return Kinds{}, lang.Errorf("proxy %q: %s=%s: want a duration such as %s=%s",
					"代理 %q：%s=%s：应为时长，例如 %s=%s", text,
					name, value, name, k.Default)
			}
			*k.time(&all) = d
		}
	}
	switch {
	case len(seen) == 0:
		return Kinds{}, lang.Errorf("proxy %q names no kind. The kinds are: %s, %s",
			"代理 %q 没有写种类。种类有：%s, %s", text, none,
			strings.Join(Names(), ", "))
	case seen["idle"] && (all.Idle < minIdle || all.Idle > maxIdle):
		return Kinds{}, lang.Errorf("proxy %q: idle=%s: want %s to %s",
			"代理 %q：idle=%s：应为 %s 到 %s", text, all.Idle, minIdle,
			maxIdle)
	case seen["slow-body"] && (all.SlowBody <= 0 || all.SlowBody > maxSlow):
		return Kinds{}, lang.Errorf("proxy %q: slow-body=%s: want more than 0, and at most %s",
			"代理 %q：slow-body=%s：应大于 0，最多 %s", text,
			all.SlowBody, maxSlow)
	}
	return all, nil
}

// ParseList reads several proxies between commas. Within a proxy, plus signs separate the kinds.
// "all" is the zero Kinds, and then each kind alone.
func ParseList(text string) (all []Kinds, err error) {
	for field := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(field) == "all" {
			all = append(all, Each(0)...)
			continue
		}
		k, err := Parse(field)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// Each returns the zero Kinds, and then each kind alone. idle is that of the kind idle; 0 means the
// default.
func Each(idle time.Duration) []Kinds {
	all := []Kinds{{}}
	for _, k := range All() {
		var one Kinds
		if k.flag != nil {
			*k.flag(&one) = true
		} else {
			*k.time(&one) = k.Default
		}
		if one.Idle > 0 && idle > 0 {
			one.Idle = idle
		}
		all = append(all, one)
	}
	return all
}

// String returns k in the syntax of Parse.
func (k Kinds) String() string {
	var names []string
	for _, kind := range All() {
		switch {
		case kind.flag != nil && *kind.flag(&k):
			names = append(names, kind.Name)
		case kind.time != nil && *kind.time(&k) > 0:
			names = append(names, kind.Name+"="+kind.time(&k).String())
		}
	}
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ",")
}

// Describe says what a proxy of these kinds does.
func (k Kinds) Describe() lang.Text {
	var en, zh []string
	for _, kind := range All() {
		if kind.flag != nil && *kind.flag(&k) || kind.time != nil && *kind.time(&k) > 0 {
			en, zh = append(en, kind.Says.EN), append(zh, kind.Says.ZH)
		}
	}
	if len(en) == 0 {
		return lang.Text{EN: "forwards everything unchanged", ZH: "原样转发一切"}
	}
	return lang.Text{EN: strings.Join(en, "; "), ZH: strings.Join(zh, "；")}
}
