package load

import "realtimelab/internal/lang"

// The names of the profiles.
const (
	Idle    = "idle"
	Connect = "connect"
	Emit    = "emit"
	Publish = "publish"
	Rooms   = "rooms"
	Storm   = "storm"
	Slow    = "slow"
)

// A Profile describes the actions of the clients.
type Profile struct {
	Name string
	Says lang.Text

	rate     float64 // of messages, by default
	arrivals float64 // by default; 0 for the default of all
	slow     float64 // part of the clients, by default
	acks     bool    // each message wants an acknowledgement
	rooms    bool    // a message goes to one room
	storm    bool    // all connections are cut in the middle
	churn    bool    // clients come and leave all the time
}

// Profiles lists the profiles.
var Profiles = []Profile{
	{Name: Idle, Says: lang.Text{EN: "clients connect and stay; nothing is sent but heartbeats",
		ZH: "客户端连接后保持，除了心跳什么也不发"}},
	{Name: Connect, arrivals: 50, churn: true,
		Says: lang.Text{EN: "clients arrive at a rate, stay for a while and leave",
			ZH: "客户端按速率到达，停留一会儿，然后离开"}},
	{Name: Emit, rate: 100, acks: true,
		Says: lang.Text{EN: "events that want an acknowledgement, from random clients",
			ZH: "随机的客户端发送需要回执的事件"}},
	{Name: Publish, rate: 10,
		Says: lang.Text{EN: "messages that the server sends on to the receivers",
			ZH: "服务器转发给接收者的消息"}},
	{Name: Rooms, rate: 100, rooms: true,
		Says: lang.Text{EN: "messages that the server sends on to one room",
			ZH: "服务器转发到一个房间的消息"}},
	{Name: Storm, storm: true,
		Says: lang.Text{EN: "in the middle, all clients lose their connection and come back",
			ZH: "中途所有客户端断线并重新连接"}},
	{Name: Slow, rate: 10, slow: 0.1,
		Says: lang.Text{EN: "as publish, but some clients read slowly",
			ZH: "与 publish 相同，但部分客户端读得很慢"}},
}

// publishes reports whether the profile makes no sense without messages.
func (p Profile) publishes() bool { return p.rate > 0 }

// ProfileNames lists the names of the profiles.
func ProfileNames() (names []string) {
	for _, p := range Profiles {
		names = append(names, p.Name)
	}
	return names
}

func findProfile(name string) (Profile, bool) {
	for _, p := range Profiles {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}
