package pages

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/netsim"
)

var ackTime = regexp.MustCompile(`acknowledged after (\d+) ms`)

// ack sends an event and returns how many milliseconds the page says that its acknowledgement took.
func ack(t *testing.T, tab *labtest.Tab, n int) int {
	t.Helper()
	tab.WaitFor(`document.getElementById("status").classList.contains("good")`)
	name := fmt.Sprint("ferret ", n)
	enter(tab, "#text", name)
	tab.WaitFor(
		fmt.Sprintf(
			`((li) => li.textContent.includes(%q) && li.textContent.includes("acknowledged after"))(document.querySelector("#asked li:last-child"))`, name))
	found := ackTime.FindStringSubmatch(textOf(tab, "#asked li:last-child"))
	require.NotNil(t, found)
	ms, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	return ms
}

// TestTheNetworkIsSwitchedLive: the teacher chooses a network and a proxy in the bar. The student's
// page says so, and acknowledgements take at least as long as the network's round trip.
func TestTheNetworkIsSwitchedLive(t *testing.T) {
	wifi, err := netsim.Parse("wifi")
	require.NoError(t, err)
	satellite, err := netsim.Parse("satellite")
	require.NoError(t, err)
	least := int((satellite.RTT - satellite.Jitter).Milliseconds())
	url, r := runWith(t, "acks", lang.English, func(c *host.Config) {
		c.Net, c.Proxy = wifi, &middlebox.Kinds{}
	})
	tab, student := labtest.NewBrowser(t).Tab(t), labtest.NewBrowser(t).Tab(t)
	for _, one := range []*labtest.Tab{tab, student} {
		one.Viewport(1280, 900)
		one.AllowNetworkErrors()
	}
	tab.Open(teacher.URL(url))
	student.Open(url)
	student.WaitText("#line summary", "Proxy: none · Network: wifi")
	tab.WaitFor(byWebSocket)
	sent := 0
	soon := func() { // a busy machine may take longer for one, but not for all
		t.Helper()
		for range 50 {
			if sent++; ack(t, tab, sent) < least {
				return
			}
		}
		require.Failf(t, "the network is too slow", "no acknowledgement within %d ms", least)
	}
	soon()

	switchLine(tab, "satellite")
	student.WaitText("#line summary", "Proxy: none · Network: satellite")
	assert.Equal(t, satellite, r.Front().Link())
	for range 3 {
		sent++
		assert.GreaterOrEqual(t, ack(t, tab, sent), least)
	}
	assert.GreaterOrEqual(t, ack(t, student, 0), least, "the network is everyone's")

	switchLine(tab, "wifi", "no-websocket")
	student.WaitText("#line summary", "Proxy: no-websocket · Network: wifi")
	tab.WaitFor(byPolling)
	soon()
}
