package longconn

import (
	"context"

	"realtimelab/internal/feed/client"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

var hangingLane = lesson.Lane{
	Name:    "hanging",
	Title:   lang.Text{EN: "streaming response", ZH: "流式响应"},
	Posts:   true,
	Dial:    dialStream,
	Publish: dialPoster,
	Ask:     dialPoster,
	Rooms:   lesson.RoomsByPath(dialStream),
	Bytes:   lesson.BytesInText(dialStream),
}

var sseLane = lesson.Lane{
	Name:    "sse",
	Title:   lang.Text{EN: "server-sent events", ZH: "服务器发送事件"},
	As:      "sse",
	Retry:   defaultRetry,
	Posts:   true,
	Dial:    dialEvents,
	Publish: dialPoster,
	Ask:     dialPoster,
	Rooms:   lesson.RoomsByPath(dialEvents),
	Bytes:   lesson.BytesInText(dialEvents),
}

func dialStream(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
	post := poster(d)
	return client.Follow(ctx, &StreamClient{URL: d.URL, HTTP: post.HTTP,
		Backoff: client.Backoff{NoJitter: d.NoJitter}}, d.Hear, post.Send, post.Close), nil
}

func dialEvents(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
	post := poster(d)
	return client.Follow(ctx, &EventClient{URL: d.URL, HTTP: post.HTTP,
		Backoff: client.Backoff{NoJitter: d.NoJitter}}, d.Hear, post.Send, post.Close), nil
}

func poster(d lesson.Dialing) client.Poster {
	return client.Poster{URL: d.URL + "/messages", HTTP: d.HTTP()}
}

func dialPoster(_ context.Context, d lesson.Dialing) (lesson.Client, error) {
	return poster(d), nil
}
