package site

import (
	"html/template"

	"realtimelab/internal/lang"
	"realtimelab/internal/markdown"
)

// slidesView is the value of ?view= that shows a lesson as slides.
const slidesView = "slides"

// slidesPage holds the values of slides.html.
type slidesPage struct {
	frame
	Title, Summary string
	Slides         []slide
	Exercises      []exerciseItem
}

// A slide is one screen of the lesson's text.
type slide struct {
	Number  int
	Section string // heading of the section
	Part    int    // of the section, from 1
	Ask     bool   // it holds a question alone
	Text    template.HTML
}

// slidesPage returns the slides of the frame's lesson: a cover, the text, and the demos.
func (c Config) slidesPage(f frame, text *markdown.Document) (p slidesPage, err error) {
	other := lang.English
	if f.Lang == lang.English {
		other = lang.Chinese
	}
	f.OtherHref = "?view=" + slidesView + "&lang=" + string(other)
	p = slidesPage{frame: f, Title: f.Lesson.Title, Summary: f.Lesson.Summary}
	if p.Exercises, err = c.exercises(f.Lesson.Name, f, nil); err != nil {
		return p, err
	}
	for _, h := range text.Headings {
		if h.Level == 1 {
			p.Title = h.Text
		}
	}
	html := markdown.HTML{Code: p.Say("Code", "代码"), Table: p.Say("Table", "表格")}
	for _, s := range html.Slides(text) {
		p.Slides = append(p.Slides, slide{
			Number: len(p.Slides) + 2, Section: s.Heading.Text, Part: s.Part, Ask: s.Asks,
			Text: template.HTML(s.HTML),
		})
	}
	return p, nil
}

// Last returns the number of the last slide, which lists the demos.
func (p slidesPage) Last() int { return len(p.Slides) + 2 }
