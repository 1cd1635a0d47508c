const socket = io();
const note = document.getElementById("note");
const save = document.getElementById("save");
const state = document.getElementById("state");
let attempt = {}; // the last one: {id, text}

save.addEventListener("click", () => {
  if (attempt.text !== note.value) attempt = { id: crypto.randomUUID(), text: note.value };
  const { id, text } = attempt;
  state.textContent = "saving";
  save.disabled = true;
  socket.timeout(3000).emit("save", { id, text }, (error, answer) => {
    save.disabled = false;
    if (error) state.textContent = "not confirmed";
    else if (answer.error) state.textContent = `refused: ${answer.error}`;
    else {
      state.textContent = "saved";
      attempt = {};
    }
  });
});
