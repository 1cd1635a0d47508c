// Package lang holds the two languages of the lab, and texts in both.
package lang

// A Lang is a language of the lab's texts.
type Lang string

// The two languages of the lab.
const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// All lists the languages.
var All = []Lang{English, Chinese}

// Say returns the text in the language.
func (l Lang) Say(en, zh string) string { return Text{EN: en, ZH: zh}.In(l) }

// Tag returns the language's BCP 47 tag, for the lang attribute of HTML.
func (l Lang) Tag() string { return l.Say("en", "zh-CN") }

// A Text is a text for learners in both languages.
type Text struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// In returns the text in that language, or in English if the language is unknown.
func (t Text) In(l Lang) string {
	if l == Chinese {
		return t.ZH
	}
	return t.EN
}

// Same returns a text that needs no translation.
func Same(s string) Text { return Text{EN: s, ZH: s} }
