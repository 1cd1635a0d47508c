package compare

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLabelsAreRead(t *testing.T) {
	ids := map[int64]label{}
	for _, l := range []label{{scheduled, 0}, {scheduled, 999_999}, {hello, 0}, {hello, 49},
		{kind: warmUp}} {
		text := l.text(minSize)
		assert.Len(t, text, minSize)
		back, ok := parseLabel(text)
		assert.True(t, ok, text)
		assert.Equal(t, l, back)
		id := l.id(maxClients)
		assert.NotContains(t, ids, id, "%v and %v have one id", l, ids[id])
		ids[id] = l
	}
	for _, text := range []string{"", ":", "hello:", "-1:x", "hi there", "x1y2:"} {
		_, ok := parseLabel(text)
		assert.False(t, ok, text)
	}
	assert.NotEqual(t, label{scheduled, 3}.text(40)[2:], label{scheduled, 4}.text(40)[2:],
		"no two messages compress as one")
}

func TestWorkloadsAreWhole(t *testing.T) {
	for _, w := range AllWorkloads() {
		assert.NotEmpty(t, w.Says.EN, w.Name)
		assert.NotEmpty(t, w.Says.ZH, w.Name)
		c := small(w.Name, "websocket")
		c.Size, c.Cut = Defaults(w.Name).Size, time.Second
		assert.NoError(t, c.Check(runner.Lessons), w.Name)
		for _, s := range c.schedule(1, 0) {
			assert.Less(t, s.sender, c.senders(), w.Name)
			assert.Less(t, s.at, c.Duration, w.Name)
		}
	}
}

func TestEachFigureIsThereOnce(t *testing.T) {
	keys, heads := map[string]bool{}, map[string]bool{}
	for _, f := range figures {
		assert.Regexp(t, `^[a-z0-9_]+$`, f.Key)
		assert.False(t, keys[f.Key], f.Key)
		assert.False(t, heads[f.Short], f.Short)
		keys[f.Key], heads[f.Short] = true, true
		assert.NotEmpty(t, f.Name.EN, f.Key)
		assert.NotEmpty(t, f.Name.ZH, f.Key)
	}
	for _, w := range Workloads() {
		assert.NotEmpty(t, FiguresOf(w), w)
	}
}

// message returns the JSON that every lane carries for a label, in both directions.
func (l label) message(size, clients int) []byte { return l.json(size, l.id(clients), "") }
