package longpoll

import (
	"context"

	"realtimelab/internal/feed/client"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

var shortLane = lesson.Lane{
	Name:    "short-polling",
	Title:   lang.Text{EN: "short polling", ZH: "短轮询"},
	Posts:   true,
	Polls:   true,
	Dial:    dialShort,
	Publish: dialPoster,
	Ask:     dialPoster,
	Rooms:   lesson.RoomsByPath(dialShort),
	Bytes:   lesson.BytesInText(dialShort),
}

var longLane = lesson.Lane{
	Name:    "long-polling",
	Title:   lang.Text{EN: "long polling", ZH: "长轮询"},
	Posts:   true,
	Dial:    dialLong,
	Publish: dialPoster,
	Ask:     dialPoster,
	Rooms:   lesson.RoomsByPath(dialLong),
	Bytes:   lesson.BytesInText(dialLong),
}

func dialShort(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
	post := poster(d)
	return client.Follow(ctx, &ShortClient{URL: d.URL, HTTP: post.HTTP, Interval: d.Interval,
		Backoff: client.Backoff{NoJitter: d.NoJitter}}, d.Hear, post.Send, post.Close), nil
}

func dialLong(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
	post := poster(d)
	return client.Follow(ctx, &LongClient{URL: d.URL, HTTP: post.HTTP,
		Backoff: client.Backoff{NoJitter: d.NoJitter}}, d.Hear, post.Send, post.Close), nil
}

func poster(d lesson.Dialing) client.Poster {
	return client.Poster{URL: d.URL + "/messages", HTTP: d.HTTP()}
}

func dialPoster(_ context.Context, d lesson.Dialing) (lesson.Client, error) {
	return poster(d), nil
}
