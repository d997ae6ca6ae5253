/** On SIGTERM npm ends the shell between it and this process, and the shell passes nothing on: the only sign is a new parent. */
export const watchParent = (onGone: () => void): void => {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, 250).unref();
};
