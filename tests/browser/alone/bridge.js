// A widget's page without Jupyter, with the widget itself behind it: `kernel` is a function of the test.
export async function show(module) {
  const widget = (await import(module)).default;
  const listeners = {};
  const traits = await window.kernel(null);
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const tell = (name, ...news) => (listeners[name] ?? []).forEach((heard) => heard(...news));
  const model = {
    comm_live: true,
    get: (name) => traits[name],
    on: (name, heard) => (listeners[name] ??= []).push(heard),
    off: (name, heard) => (listeners[name] = (listeners[name] ?? []).filter((each) => each !== heard)),
    async send(content) {
      const { state, messages } = await window.kernel(content);
      if (JSON.stringify(state) !== JSON.stringify(traits._state)) {
        traits._state = state;
        tell("change:_state");
      }
      for (const [message, buffers] of messages) tell("msg:custom", message, buffers.map(bytes));
    },
  };
  window.end = widget.render({ model, el: document.body });
}
