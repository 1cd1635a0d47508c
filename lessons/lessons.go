// Package lessons lists the lessons of the lab, in the order of the lecture.
package lessons

import (
	"realtimelab/internal/lesson"
	"realtimelab/lessons/longconn"
	"realtimelab/lessons/longpoll"
	"realtimelab/lessons/socketio"
	"realtimelab/lessons/websocket"
)

// All returns every lesson, in order.
func All() []lesson.Lesson {
	return []lesson.Lesson{longpoll.Lesson(), longconn.Lesson(), websocket.Lesson(), socketio.Lesson()}
}
