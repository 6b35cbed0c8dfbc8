(() => {
  "use strict";
  const video = document.querySelector("video"), holder = document.getElementById("player");
  const figures = [...document.querySelectorAll(".seek")], pictures = [...document.querySelectorAll("[data-time]")];
  const lines = figures.map((figure) => [figure.querySelector(".now"), Number(figure.dataset.length)]);
  const times = pictures.map((picture) => Number(picture.dataset.time));
  let marked = -1, used = false, docked = false;
  for (const hint of document.querySelectorAll(".scripted")) hint.hidden = false;

  function show(time) {
    document.body.classList.add("live");
    for (const [line, length] of lines) {
      const x = `${Math.min(100, 100 * time / length)}%`;
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
    let nearest = -1;
    times.forEach((at, place) => {
      if (nearest < 0 || Math.abs(at - time) < Math.abs(times[nearest] - time)) nearest = place;
    });
    if (nearest === marked) return;
    if (marked >= 0) pictures[marked].classList.remove("on");
    if (nearest >= 0) pictures[nearest].classList.add("on");
    marked = nearest;
  }

  function seek(time) {
    used = true;
    docked = false;
    if (video) video.currentTime = Number.isFinite(video.duration) ? Math.min(time, video.duration) : time;
    show(time);
    settle();
  }

  for (const figure of figures)
    figure.addEventListener("click", (event) => {
      const box = figure.querySelector("svg").getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      seek(share * Number(figure.dataset.length));
    });
  pictures.forEach((picture, place) => picture.addEventListener("click", (event) => {
    event.preventDefault();
    seek(times[place]);
  }));

  // A player that is in use and has scrolled out of sight is shown small in a corner.
  let visible = true;
  function settle() {
    if (!video) return;
    const away = used && !visible && !docked;
    if (away) holder.style.height = `${holder.offsetHeight}px`;
    else holder.style.height = "";
    holder.classList.toggle("away", away);
    holder.querySelector(".close").hidden = !away;
  }
  document.body.classList.add("live");
  show(0);
  if (!video) return;
  function lost() {
    holder.querySelector(".player").hidden = true;
    holder.querySelector(".missing").hidden = false;
  }
  if (video.error) lost();
  video.addEventListener("error", lost);
  new IntersectionObserver((entries) => {
    visible = entries[entries.length - 1].isIntersecting;
    settle();
  }).observe(holder);
  holder.querySelector(".close").addEventListener("click", () => {
    docked = true;
    video.pause();
    settle();
  });
  function follow() {
    show(video.currentTime);
    if (!video.paused && !video.ended) requestAnimationFrame(follow);
  }
  video.addEventListener("play", () => {
    used = true;
    docked = false;
    follow();
  });
  for (const name of ["seeked", "timeupdate"]) video.addEventListener(name, () => show(video.currentTime));
})();
