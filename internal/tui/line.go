package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/netsim"
)

// chooseLink lets the reader choose one of several simulated networks.
func (u *ui) chooseLink(now netsim.Link, names []string, pick func(netsim.Link) tea.Cmd) {
	var options []option
	var links []netsim.Link
	for _, name := range names {
		link, err := netsim.Parse(name)
		if err != nil {
			continue // a name of netsim.Names, or one that String made: each is valid
		}
		options, links = append(options, option{name, link.Describe().In(u.lang)}),
			append(links, link)
	}
	u.choose(u.say("Simulated network", "模拟网络"), options, slices.Index(links, now),
		func(i int) tea.Cmd {
			return pick(links[i])
		})
}

// noProxy is the name of the line without a proxy.
var noProxy = lang.Text{EN: "off", ZH: "无"}

// proxyName is a proxy in a word or two.
func proxyName(u *ui, k *middlebox.Kinds) string {
	if k == nil {
		return noProxy.In(u.lang)
	}
	return k.String()
}

// proxies returns the proxies to choose from: none at all, one without faults, and each kind.
func proxies(u *ui) (options []option, kinds []*middlebox.Kinds) {
	options = append(options, option{noProxy.In(u.lang),
		u.say("clients connect to the demo", "客户端直接连接演示")})
	kinds = append(kinds, nil)
	for _, name := range append([]string{"none"}, middlebox.Names()...) {
		k, err := middlebox.Parse(name)
		if err != nil {
			continue // each name of middlebox.Names is valid
		}
		options, kinds = append(options, option{k.String(), k.Describe().In(u.lang)}),
			append(kinds, &k)
	}
	return options, kinds
}
