package site

import (
	"fmt"
	"html/template"
	"io/fs"
	"regexp"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/internal/markdown"
)

// A pageText is the text of a demo's page in one language.
//
// Its Markdown has up to four sections. Each step is a heading of level 3 with the step's name, a
// colon and the question; a bullet list of the answers to choose from; a numbered list of the
// labels of the step's button, one for each press; and the explanation.
type pageText struct {
	Steps []stepText
	// the lecture's code for the same subject, with the differences; may be empty
	Lecture template.HTML
	Traps   template.HTML
	Links   template.HTML
}

type stepText struct {
	Name    string
	Ask     template.HTML
	Guesses []template.HTML
	Acts    []string
	Why     template.HTML
}

// The sections of a page's text, by their headings in both languages.
var sections = map[string]string{
	"Steps": "steps", "步骤": "steps",
	"In the lecture": "lecture", "讲义里的代码": "lecture",
	"Traps": "traps", "陷阱": "traps",
	"Links": "links", "链接": "links",
}

var stepHeading = regexp.MustCompile(`^### ([a-z][a-z-]*): (.+)$`)

// readPageText reads the text of a demo's page, pages/DEMO.md or pages/DEMO.zh.md.
func readPageText(pages fs.FS, demo string, language lang.Lang,
	html markdown.HTML) (pageText, error) {
	name := "pages/" + demo + ".md"
	if language == lang.Chinese {
		name = "pages/" + demo + ".zh.md"
	}
	data, err := fs.ReadFile(pages, name)
	if err != nil {
		return pageText{}, err
	}
	text, err := parsePageText(string(data), html)
	if err != nil {
		return pageText{}, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

func parsePageText(source string, html markdown.HTML) (text pageText, err error) {
	for _, part := range strings.Split("\n"+strings.TrimSpace(source), "\n## ")[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		switch sections[heading] {
		case "steps":
			if text.Steps, err = parseSteps(body, html); err != nil {
				return text, err
			}
		case "lecture":
			text.Lecture = block(body, html)
		case "traps":
			text.Traps = block(body, html)
		case "links":
			text.Links = block(body, html)
		default:
			return text, fmt.Errorf("unknown section %q", heading)
		}
	}
	return text, nil
}

func parseSteps(source string, html markdown.HTML) (steps []stepText, err error) {
	for _, part := range strings.Split("\n"+strings.TrimSpace(source), "\n### ")[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		m := stepHeading.FindStringSubmatch("### " + heading)
		if m == nil {
			return nil, fmt.Errorf("step %q: want a name, a colon and a question", heading)
		}
		step := stepText{Name: m[1], Ask: inline(m[2], html)}
		var why []string
		for line := range strings.SplitSeq(body, "\n") {
			number, label, numbered := strings.Cut(line, ". ")
			switch {
			case len(why) == 0 && line == "":
			case len(why) == 0 && strings.HasPrefix(line, "- "):
				step.Guesses = append(step.Guesses, inline(line[2:], html))
			case len(why) == 0 && numbered && number == fmt.Sprint(len(step.Acts)+1):
				step.Acts = append(step.Acts, label)
			default:
				why = append(why, line)
			}
		}
		step.Why = block(strings.Join(why, "\n"), html)
		if len(step.Guesses) < 2 || len(step.Acts) == 0 || step.Why == "" {
			return nil, fmt.Errorf(
				"step %s: want at least two answers, a label for its button, and an explanation",
				step.Name)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func block(source string, html markdown.HTML) template.HTML {
	return template.HTML(html.Render(markdown.Parse(strings.TrimSpace(source))))
}

func inline(source string, html markdown.HTML) template.HTML {
	return template.HTML(html.Inline(markdown.Parse(source)))
}
