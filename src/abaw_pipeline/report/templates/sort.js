// A click on a heading, or Enter, sorts its table by that column; once more turns the order around. Without scripts
// tables stay as they were written.
for (const table of document.querySelectorAll("table")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const text = row => row.cells[column].textContent.trim();
    const value = row => parseFloat(text(row).replace(/,/g, "").replace("−", "-"));
    const sort = () => {
      const turn = head.ariaSort === "descending" ? 1 : -1;
      const order = (a, b) => {
        const [x, y] = [value(a), value(b)];
        if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y) || turn * text(a).localeCompare(text(b));
        return turn * (x - y);
      };
      table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
      for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
      head.ariaSort = turn < 0 ? "descending" : "ascending";
    };
    head.tabIndex = 0;
    head.title = "Sort by " + head.textContent;
    head.addEventListener("click", sort);
    head.addEventListener("keydown", event => event.key === "Enter" && sort());
  });
}
