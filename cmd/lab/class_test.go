package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise/class"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// TestAFailedSaveIsTriedAgain: a failed save is retried until it succeeds, and both are said once.
func TestAFailedSaveIsTriedAgain(t *testing.T) {
	room := class.NewRoom(class.Config{})
	var log, chinese strings.Builder
	dir := filepath.Join(t.TempDir(), "away")
	k := keeper{room: room, path: filepath.Join(dir, "class.json"), log: &log,
		changed: room.Changed()}
	k.save()
	assert.Empty(t, log.String(), "nothing has changed")
	_, err := room.Join(class.Joining{Name: "Ann", Code: room.Code()})
	require.NoError(t, err)
	k.save()
	k.save()
	assert.Equal(t, 1, strings.Count(log.String(), "cannot keep the class"), log.String())
	other := keeper{room: room, path: k.path, log: &chinese, lang: lang.Chinese, failing: true}
	require.NoError(t, os.Mkdir(dir, 0o755))
	k.save()
	k.save()
	assert.Equal(t, 1, strings.Count(log.String(), "kept again"), log.String())
	other.save()
	assert.Equal(t, "lab: 又能保存课堂了，文件是 "+k.path+"\n", chinese.String())
	again := class.NewRoom(class.Config{})
	require.NoError(t, again.Load(k.path))
	assert.Len(t, again.WatcherView().Board.Students, 1)
}

// TestALastSaveThatFailsIsRescued: what cannot be written where it belongs is not lost.
func TestALastSaveThatFailsIsRescued(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	room := class.NewRoom(class.Config{})
	_, err := room.Join(class.Joining{Name: "Ann", Code: room.Code()})
	require.NoError(t, err)
	var log strings.Builder
	away := filepath.Join(t.TempDir(), "away", "class.json")
	assert.Error(t, saveAtLast(room, away, &log, lang.Chinese))
	assert.Contains(t, log.String(), "lab: 无法把课堂保存到 "+away+"；已改存到 ")
	log.Reset()
	assert.Error(t, saveAtLast(room, away, &log, lang.English))
	_, rescued, ok := strings.Cut(strings.TrimSpace(log.String()), "it is saved in ")
	require.True(t, ok, log.String())
	again := class.NewRoom(class.Config{})
	require.NoError(t, again.Load(rescued))
	assert.Len(t, again.WatcherView().Board.Students, 1)
}

func TestTheTeachersCommands(t *testing.T) {
	room := class.NewRoom(class.Config{})
	for _, name := range []string{"Ann", "Bob the second"} {
		_, err := room.Join(class.Joining{Name: name, Code: room.Code()})
		require.NoError(t, err)
	}
	var out strings.Builder
	const typed = "\nhelp\nremove\nremove Cid\x1b\nremove bob the  second\n"
	obey(strings.NewReader(typed), room, &out, lang.English)
	assert.Equal(t, strings.Repeat("lab: the only command is: remove NAME\n", 2)+
		`lab: the class has no name "Cid\x1b"`+"\nremoved: Bob the second\n", out.String())
	out.Reset()
	obey(strings.NewReader("help\nremove Cid\nremove Ann\n"), room, &out, lang.Chinese)
	assert.Equal(t, "lab: 唯一的命令是：remove 名字\nlab: 课堂里没有 \"Cid\" 这个名字\n已移除：Ann\n",
		out.String())
}

// TestEveryQuestionCanBeAsked: the course's own questions have options, an answer and texts.
func TestEveryQuestionCanBeAsked(t *testing.T) {
	room, err := newRoom(lessons.All(), pagesOf(lessons.All()), &classOptions{})
	require.NoError(t, err)
	assert.Greater(t, len(room.Questions), 80)
	ids, demos := map[string]bool{}, map[string]string{}
	places := map[string]bool{"": true} // an exercise may be about servers that no demo runs
	for _, p := range room.Places {
		places[p.Demo] = true
	}
	for _, q := range room.Questions {
		assert.True(t, places[q.Demo], "%s: the bytes are shown by the demo %q", q.ID, q.Demo)
		demos[q.ID] = q.Demo
		assert.False(t, ids[q.ID], q.ID)
		ids[q.ID] = true
		assert.Less(t, q.Answer, len(q.Options), q.ID)
		for _, o := range append(q.Options, q.Ask, q.Title) {
			assert.NotEmpty(t, o.EN, q.ID)
			assert.NotEmpty(t, o.ZH, q.ID)
		}
	}
	assert.Equal(t, "broadcast", demos["broadcast/buffer"])
	assert.Equal(t, "ws-echo", demos["predict-frames/header-of-300"])
	assert.Greater(t, len(room.Mistakes), 100)
}
