const socket = io();
const note = document.getElementById("note");
const save = document.getElementById("save");
const state = document.getElementById("state");

save.addEventListener("click", () => {
  state.textContent = "saving";
  save.disabled = true;
  socket.emit("save", { id: Math.random(), text: note.value }, (answer) => {
    state.textContent = "saved";
    save.disabled = false;
  });
});
