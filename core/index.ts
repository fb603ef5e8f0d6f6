// Published as `shoal`: what a program that embeds a node uses.
export * from './contracts/index.js'
export { definePlugin } from './kernel/plugin.js'
export { createKernel, type Kernel, type KernelOptions, type KernelState } from './kernel/kernel.js'
export { startNode, type NodeSettings } from './main/node.js'
