package proxies

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lesson"
	"realtimelab/lessons"
	"realtimelab/lessons/production/choice"
)

// TestTheChoice: behind nginx without the line that helps, each transport behaves as in the table
// of the lesson on choosing one.
func TestTheChoice(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for _, c := range []struct {
		row   *choice.Row
		edits []edit
	}{
		{choice.Buffering, []edit{without("proxy_buffering"), ignoring}},
		{choice.NoUpgrade, []edit{without("proxy_set_header Upgrade")}},
	} {
		for i, transport := range choice.Transports {
			t.Run(c.row.Name.EN+"/"+transport, func(t *testing.T) {
				d, lane, ok := lesson.FindLane(lessons.All(), transport)
				require.True(t, ok)
				f, direct := behind(t, nginx, d.Name, c.edits...)
				switch want := c.row.Cells[i].Text; want {
				case choice.Works:
					delivers(t, f, lane)
				case choice.Batched:
					inOneBatch(t, f, direct, streams[transport])
				case choice.Refused:
					_, status := upgrade(t, f)
					assert.Equal(t, http.StatusUpgradeRequired, status)
				case choice.Fallback:
					assert.Equal(t, []string{"polling"}, official(t, f, 1))
				default:
					require.FailNow(t, "no such outcome", want.EN)
				}
			})
		}
	}
}
