package class

import (
	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/site"
)

// Places returns the pages that the teacher can show: the home page, each lesson, demo and
// exercise.
func Places(course []lesson.Lesson, all []exercise.Exercise) []Place {
	places := []Place{
		{Path: "/lab/", Title: lang.Text{EN: "Home page", ZH: "首页"}},
		{Path: "/lab/exercises", Title: lang.Text{EN: "All exercises", ZH: "全部练习"}},
	}
	for _, l := range course {
		places = append(places, Place{Path: site.LessonPath(l.Name), Title: l.Title})
	}
	for _, l := range course {
		for _, d := range l.Demos {
			places = append(places, Place{Demo: d.Name, Title: d.Title})
		}
	}
	for _, e := range all {
		places = append(places, Place{Path: site.ExercisePath + e.Name, Title: e.Title})
	}
	return places
}
