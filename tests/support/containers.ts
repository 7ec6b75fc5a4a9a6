import type Dockerode from 'dockerode';

/**
 * What an engine has, dead ones too. One that was killed while it removed a container may list that one until it is started again (Docker
 * Engine 20.10 does), though nothing of it is there, and answers every other question about it with 404.
 */
export async function containersIn(docker: Dockerode, filters = {}): Promise<Dockerode.ContainerInfo[]> {
  const listed = await docker.listContainers({ all: true, filters });
  const isThere = await Promise.all(listed.map(({ Id }) => isKnown(docker.getContainer(Id))));
  return listed.filter((_, index) => isThere[index]);
}

export function containersOf(docker: Dockerode, runnerId: string): Promise<Dockerode.ContainerInfo[]> {
  return containersIn(docker, { label: [`soma.runner=${runnerId}`] });
}

async function isKnown(container: Dockerode.Container): Promise<boolean> {
  try {
    await container.inspect();
    return true;
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return false;
    throw error;
  }
}
