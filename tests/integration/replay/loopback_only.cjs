// Preloaded into kinesis-mock (`node --require`), which binds every interface and has no setting for it:
// whatever a server of that process is told to listen on, it listens on 127.0.0.1.
"use strict";
const net = require("node:net");

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const [first] = args;
  const callback = args.find((argument) => typeof argument === "function");
  const options = typeof first === "object" && first !== null ? { ...first } : { port: first };
  options.host = "127.0.0.1";
  return listen.call(this, options, ...(callback ? [callback] : []));
};
