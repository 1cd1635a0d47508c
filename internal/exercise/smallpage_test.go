package exercise_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest/need"
)

// TestSmallPage: the DOM of the check's page behaves like a browser's. A line that differs throws.
func TestSmallPage(t *testing.T) {
	need.Tool(t, "node")
	var e exercise.Exercise
	for _, candidate := range catalogue(t) {
		if candidate.Name == "page-doubled-listener" {
			e = candidate
		}
	}
	require.NotEmpty(t, e.Name)
	solution, err := e.Solution()
	require.NoError(t, err)
	r := inNode(t, e, string(solution[exercise.PageFile])+`
const same = (got, want) => { if (String(got) !== want) throw new Error(got + " instead of " + want); };
const box = document.createElement("div");
const item = document.createElement("li");
item.append("a<b", document.createTextNode("!"));
same(item.children.length + "," + item.childNodes.length, "0,2");
same(item.innerHTML, "a&lt;b!");
same(item.children.find, "undefined"); // a browser's list is not an array
box.append(item);
item.before("first ");
item.after(document.createElement("hr"));
box.insertBefore(document.createElement("i"), item).id = "mark";
same(box.innerHTML, 'first <i id="mark"></i><li>a&lt;b!</li><hr>');
same(document.querySelector("#mark"), "null");
same(item.isConnected, "false");
document.body.append(box);
same(document.querySelector("#mark") === document.getElementById("mark") && item.isConnected, "true");
item.dataset.messageId = 7;
item.classList.add("new", "own");
item.classList.toggle("own");
same(item.outerHTML, '<li data-message-id="7" class="new">a&lt;b!</li>');
same(document.querySelectorAll('ul, div > li.new[data-message-id="7"]:not(.own)').length, "2");
same(item.matches("i + li") || "", "");
`)[0]
	require.NotNil(t, r.Problem) // it does not support the combinator "+", and says so
	assert.Contains(t, r.Problem.Text.EN, "'i + li' is not a selector that the check's page knows")
	r = inNode(t, e, string(solution[exercise.PageFile])+`
const same = (got, want) => { if (String(got) !== want) throw new Error(got + " instead of " + want); };
list.insertAdjacentHTML("beforeend", '<li class="x">one <b>two</b> &amp; three</li>');
const bold = list.querySelector("li.x > b");
same(bold.closest("ul") === list && bold.closest(".none") === null, "true");
same(list.textContent, "one two & three");
const heard = [];
window.addEventListener("click", () => heard.push("window down"), { capture: true });
window.addEventListener("click", () => heard.push("window"));
document.onclick = () => heard.push("document");
list.addEventListener("click", (event) => heard.push(event.target.tagName + " in " + event.currentTarget.tagName), { once: true });
bold.click();
same(heard, "window down,B in UL,document,window");
bold.addEventListener("click", (event) => event.stopPropagation());
heard.length = 0;
bold.click();
same(heard, "window down");
list.addEventListener("own", ({ detail }) => heard.push(detail));
bold.dispatchEvent(new CustomEvent("own", { detail: "quiet" }));
bold.dispatchEvent(new CustomEvent("own", { detail: "loud", bubbles: true }));
same(heard, "window down,loud");
const input = document.createElement("input");
input.disabled = true;
input.value = 5;
same(input.outerHTML + typeof input.value, '<input disabled="">string');
list.replaceChildren();
same(list.childElementCount + bold.tagName, "0B");
same(crypto.getRandomValues(new Uint8Array(4)).length, "4");
same(Math.random() === Math.random(), "false");
alert("seen");
`)[0]
	if r.Problem != nil {
		t.Fatal(r.Problem.Text.EN)
	}
	assert.True(t, r.Passed)
	assert.Equal(t, "seen", r.Output)
}
