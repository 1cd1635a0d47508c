// Package lessons lists the lessons of the lab, in the order of the lecture.
package lessons

import (
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio"
)

// All returns every lesson, in order.
func All() []lesson.Lesson {
	return []lesson.Lesson{socketio.Lesson()}
}
