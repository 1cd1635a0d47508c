// Package lessons lists the lessons of the lab, in the order of the lecture.
package lessons

import (
	"realtimelab/internal/lesson"
	"realtimelab/lessons/comparison"
	"realtimelab/lessons/longconn"
	"realtimelab/lessons/longpoll"
	"realtimelab/lessons/production"
	"realtimelab/lessons/socketio"
	"realtimelab/lessons/websocket"
	"realtimelab/web"
)

// All returns every lesson, in order.
func All() []lesson.Lesson {
	all := append([]lesson.Lesson{longpoll.Lesson(), longconn.Lesson(), websocket.Lesson()},
		socketio.Lessons()...)
	all = append(all, comparison.Lesson())
	all = append(all, production.Lessons()...)
	for i := range all {
		all[i].Scripts = web.Pages
	}
	return all
}
