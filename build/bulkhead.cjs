#!/usr/bin/env node
// The `bulkhead` command. In old syntax, so that an old Node can read it and say what is wrong: before Node 22 the
// SQLite module ends the process with a segmentation fault, so an older one hands over to the `node` package.
'use strict';

var fs = require('fs');
var path = require('path');

/** The oldest major version of Node that everything here runs on. */
var OLDEST = 22;

var root = path.join(__dirname, '..');
var cli = path.join(root, 'dist', 'electron', 'cli.js');

function fail(message) {
  process.stderr.write('bulkhead: ' + message + '\n');
  process.exit(2);
}

/** The Node that the `node` package brought, from the folder that holds it, or from its package for this machine. */
function packagedNode() {
  var name = process.platform === 'win32' ? 'node.exe' : 'node';
  var os = process.platform === 'win32' ? 'win' : process.platform;
  var packages = ['node', 'node-bin-' + os + '-' + process.arch, 'node-' + os + '-' + process.arch];
  // The package lies beside us in a clone, and may lie above us where we are a dependency.
  for (var folder = root, above = ''; folder !== above; above = folder, folder = path.dirname(folder)) {
    for (var i = 0; i < packages.length; i++) {
      var file = path.join(folder, 'node_modules', packages[i], 'bin', name);
      if (fs.existsSync(file)) return file;
    }
  }
  return null;
}

function handOver(node) {
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: 'inherit',
  });
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on('error', function (error) {
    fail('cannot start ' + node + ': ' + error.message);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code === null ? 1 : code);
    // End as the child did, so that a shell sees the same.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (!fs.existsSync(cli)) {
  fail('it is not built yet: run "npm run build" in ' + root + ' first.');
} else if (parseInt(process.versions.node, 10) >= OLDEST) {
  var nodeModule = require('module');
  // Keeps the compiled program, which halves the time to start. Beside the packages, where only their owner writes.
  if (nodeModule.enableCompileCache && !process.env.NODE_COMPILE_CACHE)
    nodeModule.enableCompileCache(path.join(root, 'node_modules', '.cache', 'compile'));
  process.argv[1] = cli;
  import(require('url').pathToFileURL(cli).href).catch(function (error) {
    process.stderr.write('bulkhead: ' + ((error && error.stack) || error) + '\n');
    process.exitCode = 2;
  });
} else {
  var node = packagedNode();
  if (node === null)
    fail(
      'it needs Node ' +
        OLDEST +
        ' or later; this is ' +
        process.versions.node +
        '. Run "npm ci" in ' +
        root +
        ', which brings one.',
    );
  else handOver(node);
}
