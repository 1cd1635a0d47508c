package diagram

import "fmt"

// style colours a diagram in a file of its own, like web/shared/diagram.css in a page.
const style = `svg{--card:#fff;--ink:#14171c;--soft:#525c6b;--line:#dfe3ea;--ground:#f4f5f8;--accent:#2f55d4;--good:#17713f;--bad:#b42318;background:var(--card);font:12.5px/1 system-ui,sans-serif}
@media(prefers-color-scheme:dark){svg{--card:#161b23;--ink:#e8ecf2;--soft:#a3afc0;--line:#262d38;--ground:#0e1116;--accent:#7ea2ff;--good:#62d394;--bad:#ff8a80}}
line{stroke:var(--soft);stroke-width:1.5}text{fill:var(--ink)}.name{font-weight:650}.time{fill:var(--soft)}
.life{stroke:var(--line);stroke-width:2}.rule{stroke:var(--line);stroke-dasharray:5 4}.note{fill:var(--ground);stroke:var(--line)}
.there{stroke:var(--accent);fill:var(--accent)}.back{stroke:var(--good);fill:var(--good)}.sent{stroke:var(--ink);fill:var(--ink)}.empty{stroke:var(--soft);fill:var(--soft)}
.lost{stroke:var(--bad);stroke-width:2}.open{stroke:var(--accent);stroke-width:5;stroke-opacity:.35}
.label{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}`

// File draws a diagram as an SVG file, with colours for light and dark. See SVG.
func File(kind, title, text string) (string, error) {
	d, err := draw(kind, text)
	if err != nil {
		return "", fmt.Errorf("diagram %q: %w", title, err)
	}
	size := fmt.Sprintf(` xmlns="http://www.w3.org/2000/svg" width="%g" height="%g"`, d.width,
		d.height)
	return d.svg(kind, title, size, "<style>"+style+"</style>") + "\n", nil
}
